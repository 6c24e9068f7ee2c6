// Why: how many get from one step to the next, and where they are lost. Guarantees: bars are to scale with the first step; what
// is lost between two steps stands between them.

import { useWidth } from "./width";

export interface Step {
  name: string;
  value: number;
  /** Of the step before, and of the first. */
  conversion: number | null;
  overall: number | null;
}

export interface StepsProps {
  label: string;
  steps: Step[];
  count: (value: number) => string;
  share: (value: number) => string;
  lost: (value: number, share: string) => string;
  /** Opens a step, by a click on it; by keyboard, through the table. */
  onOpen?: (step: number) => void;
}

const ROW = 62;
const BAR = 26;

export function StepsChart({ label, steps, count, share, lost, onOpen }: StepsProps) {
  const [ref, width] = useWidth<HTMLDivElement>();
  const height = steps.length * ROW - 12;
  const first = Math.max(steps[0]?.value ?? 0, 1);
  return (
    <div class={onOpen ? "chart opens" : "chart"} ref={ref} role="img" aria-label={label}>
      <svg width={width} height={height} viewBox={`0 0 ${width} ${height}`} aria-hidden="true">
        {width > 0 && steps.map(({ name, value, conversion, overall }, i) => (
          <g key={name} transform={`translate(0 ${i * ROW})`} onClick={onOpen && (() => onOpen(i))}>
            <text class="label" x={0} y={11}>{name}</text>
            <text class="label strong" x={width} y={11} text-anchor="end">
              {count(value)}{overall !== null && i > 0 ? `  ·  ${share(overall)}` : ""}
            </text>
            <rect class="track" x={0} y={18} width={width} height={BAR} rx={4} />
            <rect class={`fill c-${i === steps.length - 1 ? "good" : "1"}`} x={0} y={18} width={Math.max((value / first) * width, value > 0 ? 2 : 0)} height={BAR} rx={4} />
            {i > 0 && conversion !== null && (
              <text class="tick" x={width - 8} y={18 + BAR / 2} text-anchor="end" dominant-baseline="central">
                {lost(steps[i - 1]!.value - value, share(1 - conversion))}
              </text>
            )}
          </g>
        ))}
      </svg>
    </div>
  );
}
