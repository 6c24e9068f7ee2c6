// What the next weeks may bring, beside the last ones: with the interval in which it lies, and how well such forecasts did.

import { SeriesChart, type Mark } from "../charts/series";
import { Panel } from "../parts/panel";
import type { Opening, Table } from "../parts/table";
import { useQuery } from "../state/queries";
import { dayAfter, go, part, scopeOf } from "../state/view";
import { maybe, t } from "../text";
import { bucket, localDay, shown } from "../text/format";
import type { Context } from "./context";

interface Forecast {
  reason: string | null;
  reason_code: string | null;
  history_days: number;
  error: number | null;
  naive_error: number | null;
  coverage: number | null;
  rows: { starts_at: string; value: number | null; low: number | null; high: number | null }[];
}

const DAYS = 28;

/** Why there is none, in the reader's language. */
const reasonOf = ({ reason, reason_code: code, history_days: days }: Pick<Forecast, "reason" | "reason_code" | "history_days">): string =>
  maybe(`forecast.${code}`, reason ?? t("unknown"), { days });

export function ForecastPanel({ context }: { context: Context }) {
  const scope = scopeOf(context.view);
  const today = localDay(context.dashboard.as_of);
  const answer = useQuery<Forecast>("getForecast", { ...scope, metric: "created", horizon: DAYS });
  const past = useQuery<{ starts_at: string; ends_at: string; value: number | null }[]>("getMetricValues", {
    ...scope, metrics: ["created"], period: "custom", from: dayAfter(today, -DAYS), to: today, every: "day",
  }).data ?? [];
  const ahead = answer.data?.rows ?? [];
  const days = [...past.map(({ starts_at }) => starts_at), ...ahead.map(({ starts_at }) => starts_at)];
  const none = past.map(() => null);
  const column = (pick: (row: Forecast["rows"][number]) => number | null) => [...none, ...ahead.map(pick)];
  const been = [...past.map(({ value }) => value), ...ahead.map(() => null)];
  const [value, low, high] = [column((row) => row.value), column((row) => row.low), column((row) => row.high)];
  const marks: Mark[] = [
    { label: t("expectedBand"), type: "band", color: "3", values: high, low },
    { label: t("created"), type: "bar", color: "1", values: been },
    { label: t("expected"), type: "line", color: "3", values: value },
  ];
  /** A day that is over opens to its bookings, one to come to what is expected of it. */
  const opening = (i: number): Opening =>
    past[i] ? { open: "created", within: `time:${past[i].starts_at}/${past[i].ends_at}` } : { open: "forecast", within: part("created") };
  const table: Table = {
    opens: opening,
    columns: [
      { title: t("unit.day"), kind: "text" }, { title: t("created"), kind: "count" }, { title: t("expected"), kind: "decimal" },
      { title: t("least"), kind: "decimal" }, { title: t("most"), kind: "decimal" },
    ],
    rows: days.map((start, i) => [bucket(start, "day", true), been[i] ?? null, value[i] ?? null, low[i] ?? null, high[i] ?? null]),
  };
  const { error, naive_error: naive, coverage } = answer.data ?? {};
  const known = ahead.some((row) => row.value !== null);
  return (
    <Panel wide title={t("forecast")} answer={answer} table={table} legend={marks.map(({ label, color, type }) => ({ label, color, type }))}
      empty={answer.data && !known ? reasonOf(answer.data) : null}
      aside={known && error != null && (
        <span class="quiet">
          {t("forecastError", { error: shown(error, "hops"), naive: shown(naive, "hops"), coverage: shown(coverage, "rate") })}
        </span>
      )}>
      <SeriesChart label={t("forecast")} names={days.map((start) => bucket(start, "day"))} longNames={days.map((start) => bucket(start, "day", true))}
        marks={marks} kind="decimal" until={past.length} partial={false} onOpen={(i) => go(opening(i))} />
    </Panel>
  );
}
