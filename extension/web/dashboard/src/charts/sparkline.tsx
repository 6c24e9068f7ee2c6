// Why: how a figure came about, beside it. Guarantees: no wider claim than a shape: it has no axis, and who can't see it
// misses nothing that the charts' tables don't say.

import { area, line } from "d3-shape";

const WIDTH = 100;
const HEIGHT = 28;

export function Sparkline({ values }: { values: (number | null)[] }) {
  const known = values.filter((value) => value !== null);
  if (known.length < 2) return null;
  const [low, high] = [Math.min(0, ...known), Math.max(...known, 0)];
  const x = (i: number) => (i / (values.length - 1)) * WIDTH;
  const y = (value: number) => HEIGHT - 2 - ((value - low) / (high - low || 1)) * (HEIGHT - 4);
  const defined = (value: number | null) => value !== null;
  const stroke = line<number | null>().defined(defined).x((_, i) => x(i)).y((value) => y(value!))(values);
  const under = area<number | null>().defined(defined).x((_, i) => x(i)).y0(HEIGHT).y1((value) => y(value!))(values);
  return (
    <svg class="sparkline" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" aria-hidden="true">
      <path class="under" d={under ?? ""} />
      <path class="stroke" d={stroke ?? ""} vector-effect="non-scaling-stroke" />
    </svg>
  );
}
