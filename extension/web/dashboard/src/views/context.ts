// Why: what every tab is given, and what their charts have in common. Guarantees: the comparison is with the whole of the period
// before, point for point, in the same units.

import type { Caller, Column, Dashboard, Metric } from "../api/types";
import type { Mark } from "../charts/series";
import type { Opening, Table } from "../parts/table";
import { titleOf } from "../parts/tile";
import { currencies, elapsed, seriesOf } from "../state/figures";
import { useQuery } from "../state/queries";
import { go, inputOf, type View } from "../state/view";
import { t } from "../text";
import { bucket, range, type Kind } from "../text/format";

export interface Context {
  view: View;
  dashboard: Dashboard;
  metrics: Metric[] | null;
  caller: Caller;
  /** The currency that money is shown in first, and the others. */
  currency: string | null;
  others: string[];
}

export function contextOf(view: View, dashboard: Dashboard, metrics: Metric[] | null, caller: Caller): Context {
  const [currency = null, ...others] = currencies(dashboard);
  return { view, dashboard, metrics, caller, currency, others };
}

export const noteOf = ({ dashboard, view }: Pick<Context, "dashboard" | "view">): string =>
  [range(dashboard.period.from, dashboard.period.to), view.service, view.host].filter(Boolean).join(" · ");

/** The dashboard of the period before; null where none is asked for. */
export function usePrevious({ view, dashboard }: Context): Dashboard | null {
  const input = inputOf(view);
  const { from, to } = dashboard.previous;
  if (view.period === "custom") Object.assign(input, { from, to });
  else input["at"] = from;
  return useQuery<Dashboard>("getDashboardMetrics", view.compare ? input : null).data;
}

export interface Drawn {
  metric: string;
  type: Mark["type"];
  color: string;
}

/** A chart over time and its table, out of some of the dashboard's series. */
export function seriesOfMetrics(context: Context, drawn: Drawn[], kind: Kind, previous: Dashboard | null = null) {
  const { dashboard, metrics } = context;
  const currency = kind === "money" ? context.currency : null;
  const { starts_at: starts, unit } = dashboard.series;
  const values = (metric: string): Column => seriesOf(dashboard, metric, currency) ?? starts.map(() => null);
  const marks: Mark[] = drawn.map(({ metric, type, color }) => ({ label: titleOf(metric, metrics), type, color, values: values(metric) }));
  const first = drawn[0]!.metric;
  if (previous) {
    const before = seriesOf(previous, first, currency) ?? [];
    marks.push({ label: t("previously"), type: "dashed", color: "quiet", values: starts.map((_, i) => before[i] ?? null) });
  }
  const opens = (i: number, m: number): Opening | null => {
    const metric = drawn[m]?.metric;
    return metric && marks[m]!.values[i] !== null ? { open: metric, within: within(dashboard, i) } : null;
  };
  const table: Table = {
    opens: (r, c) => opens(r, c - 1),
    columns: [
      { title: t(`unit.${unit}`), kind: "text" },
      ...marks.map(({ label }) => ({ title: label, kind, currency })),
    ],
    rows: starts.map((start, i) => [bucket(start, unit, true), ...marks.map(({ values: column }) => column[i] ?? null)]),
  };
  return {
    table,
    legend: marks.map(({ label, color, type }) => ({ label, color, type })),
    chart: {
      names: starts.map((start) => bucket(start, unit)),
      longNames: starts.map((start) => bucket(start, unit, true)),
      marks, kind, currency, until: elapsed(dashboard),
      onOpen: (i: number, m: number) => {
        const opening = opens(i, m);
        if (opening) go(opening);
      },
    },
  };
}

/** The part of a view that a point of its series is. */
function within({ series: { starts_at: starts }, period }: Dashboard, i: number): string {
  const earlier = (a: string, b: string) => (Date.parse(a) < Date.parse(b) ? a : b);
  const from = earlier(starts[i]!, period.from) === period.from ? starts[i]! : period.from;
  return `time:${from}/${earlier(starts[i + 1] ?? period.to, period.to)}`;
}
