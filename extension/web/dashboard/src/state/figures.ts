// Why: reads a dashboard as the page needs it. Guarantees: figures and series as the database says them; a metric that it
// doesn't tell of is null, never 0; currencies stay apart.

import type { ByCurrency, Column, Dashboard, Figure } from "../api/types";

const isFigure = (value: Figure | ByCurrency<Figure>): value is Figure => "previous" in value;

/** The currencies that money is told in, the one with the most value first. */
export function currencies(dashboard: Dashboard): string[] {
  const value = dashboard.figures["booked_value"];
  if (!value || isFigure(value)) return dashboard.currency ? [dashboard.currency] : [];
  const found = Object.keys(value).sort((a, b) => (value[b]!.value ?? 0) - (value[a]!.value ?? 0));
  return found.length > 0 ? found : dashboard.currency ? [dashboard.currency] : [];
}

export function figureOf(dashboard: Dashboard, metric: string, currency: string | null = null): Figure | null {
  const found = dashboard.figures[metric];
  if (!found) return null;
  if (isFigure(found)) return found;
  return currency === null ? null : (found[currency] ?? null);
}

export function seriesOf(dashboard: Dashboard, metric: string, currency: string | null = null): Column | null {
  const found = dashboard.series[metric];
  if (Array.isArray(found)) return found as Column;
  if (found === undefined || typeof found === "string") return null;
  return currency === null ? null : (found[currency] ?? null);
}

/** How many points of the series have begun, and how far the last of them is; null if all are over. */
export function elapsed(dashboard: Dashboard): number | null {
  const starts = dashboard.series.starts_at.map((start) => Date.parse(start));
  const now = Date.parse(dashboard.as_of);
  const end = Date.parse(dashboard.period.to);
  if (now >= end || starts.length === 0) return null;
  const begun = starts.filter((start) => start <= now).length;
  if (begun === 0) return 0;
  const [from, to] = [starts[begun - 1]!, starts[begun] ?? end];
  return begun - 1 + (now - from) / (to - from);
}

/** A series without the point that isn't over yet, which would look like a fall. */
export function whole(series: Column, dashboard: Dashboard): Column {
  const until = elapsed(dashboard);
  return until === null ? series : series.map((value, i) => (i < Math.floor(until) ? value : null));
}

const COUNTED = ["created", "confirmed", "completed", "cancelled", "upcoming", "no_show", "rejected", "pending", "awaiting",
  "sessions", "visitors", "funnel_viewed", "events"];

/** Whether nothing at all happened. */
export function isEmpty(dashboard: Dashboard): boolean {
  return COUNTED.every((metric) => !figureOf(dashboard, metric)?.value);
}
