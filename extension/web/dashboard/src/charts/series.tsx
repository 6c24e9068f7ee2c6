// Why: what happened over time: bars that add up, lines, and the band in which a forecast lies. Guarantees: the axis begins
// at zero; a value that is not known leaves a gap; each point can be read by pointer and by arrow keys, with all its values.

import { area, line } from "d3-shape";
import { scaleLinear } from "d3-scale";
import { useState } from "preact/hooks";
import { compact, shown, type Kind } from "../text/format";
import { Tip } from "./tip";
import { useWidth } from "./width";

export interface Mark {
  label: string;
  /** Which of the palette's colours: "1" to "8", "good", "bad", "quiet". */
  color: string;
  type: "bar" | "line" | "dashed" | "band";
  values: (number | null)[];
  /** Of a band: its lower edge; values is the upper one. */
  low?: (number | null)[];
}

export interface SeriesProps {
  label: string;
  /** Short, for the axis, and long, for who looks closely. */
  names: string[];
  longNames: string[];
  marks: Mark[];
  kind: Kind;
  currency?: string | null;
  height?: number;
  /** What is later has not happened yet. */
  until?: number | null;
  /** Opens a mark's value at a point: by a click on it, or by Enter. */
  onOpen?: (point: number, mark: number) => void;
  /** Whether the point that it falls in is known in part, as a day that isn't over; a forecast's isn't. */
  partial?: boolean;
}

const TOP = 10;
const BOTTOM = 24;
const RIGHT = 4;
const WIDEST = 56;

/** Bars of each point from the bottom up: [lower edge, upper edge]. */
function stacked(bars: Mark[], count: number): [number, number][][] {
  const tops = new Array<number>(count).fill(0);
  return bars.map(({ values }) =>
    tops.map((low, i): [number, number] => {
      tops[i] = low + (values[i] ?? 0);
      return [low, tops[i]!];
    }),
  );
}

/** Below its point, but within the picture. */
function placed(x: number, name: string, width: number) {
  const half = 3.4 * name.length;
  if (x + half > width) return { x: width, "text-anchor": "end" as const };
  return x < half ? { x: 0, "text-anchor": "start" as const } : { x, "text-anchor": "middle" as const };
}

export function SeriesChart({ label, names, longNames, marks, kind, currency, height = 220, until, partial = true, onOpen }: SeriesProps) {
  const [ref, width] = useWidth<HTMLDivElement>();
  const [at, setAt] = useState<number | null>(null);
  const count = names.length;
  const bars = marks.filter(({ type }) => type === "bar");
  const stacks = stacked(bars, count);
  const highest = Math.max(
    ...marks.filter(({ type }) => type !== "bar").flatMap(({ values }) => values.map((value) => value ?? 0)),
    ...stacks.flat().map(([, high]) => high),
    kind === "rate" ? 0.01 : kind === "money" ? 100 : 1,
  );
  const y = scaleLinear([0, highest], [height - BOTTOM, TOP]).nice(4);
  const ticks = y.ticks(4).filter((tick) => kind === "rate" || kind === "decimal" || Number.isInteger(tick));
  const written = ticks.map((tick) => compact(tick, kind, currency));
  const left = 10 + 6.6 * Math.max(...written.map(({ length }) => length), 2);
  const step = (width - left - RIGHT) / Math.max(count, 1);
  const x = (i: number) => left + step * (i + 0.5);
  const room = 14 + 6.8 * Math.max(...names.map(({ length }) => length), 2);
  const every = Math.max(1, Math.ceil(room / Math.max(step, 1)));
  const thick = Math.max(1, Math.min(step - Math.min(step * 0.22, 8), WIDEST));
  // The point that isn't over yet: what is known of it is part of it.
  const current = !partial || until === null || until === undefined ? -1 : Math.floor(until);

  const move = (to: number) => setAt(Math.max(0, Math.min(count - 1, to)));
  const open = (point: number, mark: number) => {
    if (point >= 0 && point < count) onOpen?.(point, mark);
  };
  /** Of a stack what was clicked on, else what is drawn first. */
  const onClick = (event: MouseEvent) => {
    const box = ref.current!.getBoundingClientRect();
    const [point, value] = [Math.floor((event.clientX - box.left - left) / step), y.invert(event.clientY - box.top)];
    const hit = stacks.findIndex((stack) => stack[point] && value >= stack[point][0] && value < stack[point][1]);
    open(point, marks.indexOf(bars[hit] ?? bars[0] ?? marks[0]!));
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const steps: Record<string, number> = { ArrowLeft: (at ?? count) - 1, ArrowRight: (at ?? -1) + 1, Home: 0, End: count - 1 };
    const to = steps[event.key];
    if (event.key === "Escape" && at !== null) setAt(null);
    else if (event.key === "Enter" && at !== null && onOpen) open(at, marks.indexOf(bars[0] ?? marks[0]!));
    else if (to !== undefined) move(to);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };

  return (
    <div
      class={onOpen ? "chart opens" : "chart"}
      onClick={onOpen && onClick}
      ref={ref}
      role="group"
      aria-label={label}
      tabIndex={0}
      onKeyDown={onKeyDown}
      onBlur={() => setAt(null)}
      onPointerMove={(event) => move(Math.floor((event.clientX - ref.current!.getBoundingClientRect().left - left) / step))}
      onPointerLeave={() => setAt(null)}
    >
      <svg width={width} height={height} viewBox={`0 0 ${width} ${height}`} aria-hidden="true">
        {width > 0 && (
          <>
            {ticks.map((tick, i) => (
              <g class="axis" key={tick}>
                <line x1={left} x2={width} y1={y(tick)} y2={y(tick)} class={tick === 0 ? "base" : ""} />
                <text x={left - 8} y={y(tick)} text-anchor="end" dominant-baseline="central">
                  {written[i]}
                </text>
              </g>
            ))}
            {names.map((name, i) => i % every === 0 && x(i) < width - 14 && (
              <text class="tick" key={i} {...placed(x(i), name, width)} y={height - 6}>
                {name}
              </text>
            ))}
            {at !== null && <rect class="cursor" x={x(at) - step / 2} width={step} y={TOP} height={height - BOTTOM - TOP} />}
            {bars.map(({ color }, b) => (
              <g class={`bar c-${color}`} key={b}>
                {stacks[b]!.map(([low, high], i) => high > low && (
                  <rect key={i} class={i === current ? "part" : ""} x={x(i) - thick / 2} width={thick} y={y(high)} height={y(low) - y(high)} />
                ))}
              </g>
            ))}
            {marks.map((mark, i) => mark.type !== "bar" && <Line key={i} mark={mark} x={x} y={y} current={current} />)}
            {until !== null && until !== undefined && until < count && (
              <line class="now" x1={left + step * until} x2={left + step * until} y1={TOP} y2={height - BOTTOM} />
            )}
          </>
        )}
      </svg>
      {at !== null && (
        <Tip x={x(at)} width={width} title={longNames[at]!}>
          {marks.map(({ label: name, color, values, low, type }) => (
            <div key={name}>
              <i class={`key c-${color} ${type}`} />
              <span>{name}</span>
              <b>{low ? `${shown(low[at] ?? null, kind, currency)} – ${shown(values[at] ?? null, kind, currency)}` : shown(values[at] ?? null, kind, currency)}</b>
            </div>
          ))}
        </Tip>
      )}
    </div>
  );
}

function Line({ mark, x, y, current }: { mark: Mark; x: (i: number) => number; y: (value: number) => number; current: number }) {
  const points = mark.values.map((value, i) => [value, i, mark.low?.[i] ?? null] as const);
  const known = ([value]: (typeof points)[number]) => value !== null;
  if (mark.type === "band") {
    const path = area<(typeof points)[number]>()
      .defined(([value, , low]) => value !== null && low !== null)
      .x(([, i]) => x(i))
      .y0(([, , low]) => y(low!))
      .y1(([value]) => y(value!))(points);
    return <path class={`band c-${mark.color}`} d={path ?? ""} />;
  }
  const draw = line<(typeof points)[number]>()
    .defined(known)
    .x(([, i]) => x(i))
    .y(([value]) => y(value!));
  const split = mark.type === "line" && current >= 0 ? current : points.length;
  const alone = points.filter((point, i) => known(point) && points[i - 1]?.[0] == null && points[i + 1]?.[0] == null);
  return (
    <g class={`line c-${mark.color} ${mark.type}`}>
      <path d={draw(points.slice(0, split)) ?? ""} />
      {split < points.length && <path class="part" d={draw(points.slice(Math.max(0, split - 1), split + 1)) ?? ""} />}
      {split + 1 < points.length && <path d={draw(points.slice(split + 1)) ?? ""} />}
      {alone.map(([value, i]) => (
        <circle key={i} cx={x(i)} cy={y(value!)} r={2.5} />
      ))}
    </g>
  );
}
