// Why: a figure with what it was before and how it came about. Guarantees: says the number that the database says, with its
// name, in words too; opens what it means; is green or red only where more is surely better or worse.

import type { Dashboard, Figure, Metric } from "../api/types";
import { Sparkline } from "../charts/sparkline";
import { figureOf, seriesOf, whole } from "../state/figures";
import { go } from "../state/view";
import { maybe, t } from "../text";
import { changed, compact, shown, type Kind } from "../text/format";

const BETTER = new Set(["created", "confirmed", "completed", "booked_value", "collected", "net", "average_ticket",
  "revenue_per_booked_hour", "new_customers", "returning_customers", "customers", "retention", "rebooking_rate",
  "consultation_conversion", "conversion_rate", "session_conversion", "selection_rate", "start_rate", "submission_rate",
  "verification_rate", "visitors", "sessions", "funnel_booked"]);
const WORSE = new Set(["cancelled", "cancellation_rate", "late_cancellation_rate", "late_cancellation_rate_client",
  "late_cancellation_rate_host", "no_show", "no_show_rate", "host_no_show", "rescheduled", "reschedule_rate", "mean_hops",
  "rejected", "rejection_rate", "withdrawn", "refunded", "claim_gap"]);

export const titleOf = (metric: string, metrics: Metric[] | null): string =>
  maybe(`metric.${metric}`, metrics?.find((each) => each.metric === metric)?.title ?? metric);

/** Why a metric is not known. */
export const whyUnknown = (metric: string, metrics: Metric[] | null): string =>
  maybe(`unknown.${metric}`, maybe(`unknown.${metrics?.find((each) => each.metric === metric)?.window ?? ""}`, t("unknown.any")));

/** How a metric is written: time that was booked adds up to hours, whereas other lengths of time suit themselves. */
export const kindOf = (metric: string, unit: Kind): Kind => (metric === "booked_minutes" ? "hours" : unit);

function tone(metric: string, change: number): string {
  const better = BETTER.has(metric) ? 1 : WORSE.has(metric) ? -1 : 0;
  return change * better > 0 ? "good" : change * better < 0 ? "bad" : "";
}

export interface TileProps {
  metric: string;
  dashboard: Dashboard;
  metrics: Metric[] | null;
  compare: boolean;
  currency?: string | null;
}

export function Tile({ metric, dashboard, metrics, compare, currency = null }: TileProps) {
  const figure = figureOf(dashboard, metric, currency);
  const unit = kindOf(metric, metrics?.find((each) => each.metric === metric)?.unit ?? (currency ? "money" : "count"));
  const title = titleOf(metric, metrics);
  const value = shown(figure?.value ?? null, unit, currency);
  const series = seriesOf(dashboard, metric, currency);
  return (
    <button type="button" class="tile" data-metric={metric} data-currency={currency ?? undefined} data-value={figure?.value ?? undefined} onClick={() => go({ open: metric, within: null })}>
      <span class="name">{title}</span>
      <span class={`value ${figure?.value == null ? "unknown" : value.length > 12 ? "longer" : value.length > 9 ? "long" : ""}`}>{value}</span>
      {figure?.value == null
        ? <span class="change why">{whyUnknown(metric, metrics)}</span>
        : <Change metric={metric} figure={figure} unit={unit} currency={currency} compare={compare} />}
      {series && <Sparkline values={whole(series, dashboard)} />}
    </button>
  );
}

/** What was next to nothing is no measure of what is. */
const BEYOND = 100;
const ROOM = 8;

/** In full where there is room. */
function brief(value: number, unit: Kind, currency: string | null): string {
  const full = shown(value, unit, currency);
  return full.length <= ROOM ? full : compact(value, unit, currency);
}

function Change({ metric, figure, unit, currency, compare }: {
  metric: string; figure: Figure | null; unit: Kind; currency: string | null; compare: boolean;
}) {
  if (!compare || !figure) return <span class="change" />;
  const before = figure.previous === null ? "" : t("against", { value: brief(figure.previous, unit, currency) });
  if (figure.change === null || figure.change >= BEYOND) return <span class="change">{before}</span>;
  return (
    <span class="change">
      <b class={tone(metric, figure.change)} data-change={figure.change}>{changed(figure.change, unit)}</b> {before}
    </span>
  );
}
