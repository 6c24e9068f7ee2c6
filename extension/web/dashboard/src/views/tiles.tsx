import { Tile } from "../parts/tile";
import type { Context } from "./context";

/** A row of figures; those of money in each currency. */
export function Tiles({ context, figures }: { context: Context; figures: string[] }) {
  const { dashboard, metrics, view, currency, others } = context;
  const money = (metric: string) => metrics?.find((each) => each.metric === metric)?.per_currency ?? false;
  const tiles = figures.flatMap((metric): [string, string | null][] =>
    money(metric) ? [currency, ...others].map((code) => [metric, code]) : [[metric, null]],
  );
  return (
    <div class="tiles">
      {tiles.map(([metric, code]) => (
        <Tile key={`${metric} ${code}`} metric={metric} currency={code} dashboard={dashboard} metrics={metrics} compare={view.compare} />
      ))}
    </div>
  );
}
