// Why: numbers that are no metric's can be opened as well: cells of people, months to come, ways of visitors, variants. Guarantees:
// says what the number means and lists just what it counts; the address says which number it is.

import type { JSX } from "preact";
import type { Dashboard, Metric } from "../api/types";
import { useQuery } from "../state/queries";
import { dayAfter, inputOf, scopeOf, type View } from "../state/view";
import { maybe, t, type Key } from "../text";
import { bucket, duration, localDay, monthOf, shown, weekdays } from "../text/format";
import { originName, stepName } from "../text/names";
import { HEALTH } from "./behind_health";
import { BookingLines, SessionLines } from "./lines";
import { MetricLines } from "./metric_lines";
import { Failure, Panel } from "./panel";
import { titleOf } from "./tile";

export interface Opened {
  view: View;
  dashboard: Dashboard;
  metrics: (Metric & { explained?: boolean })[];
  /** What it is of: a service, an artist. */
  note: string;
}

export interface Kind {
  /** The chart that the number is in, and which of its numbers it is; null: none of them. */
  name: (within: string[], metrics: Metric[]) => string | null;
  means: Key;
  /** Whether it is of the period above. */
  ofPeriod?: boolean;
  Behind: (opened: Opened & { within: string[]; name: string }) => JSX.Element | null;
}

const month = (cohort: string) => monthOf(`${cohort}T12:00:00Z`);
const since = (count: string | undefined) => t("monthsLater", { count: count ?? "" });

/** The bookings of one cell or bar, of a metric that is about the same ones. */
const ofMetric = (about: string, minutes?: Key): Kind["Behind"] => ({ metrics, view, name }) => {
  const metric = metrics.find((each) => each.metric === about);
  return metric ? <MetricLines metric={metric} view={view} note={name} {...(minutes && { minutes: t(minutes) })} /> : null;
};

function Figure({ children, more }: { children: string; more: string }) {
  return <p class="figure"><b>{children}</b><span>{more}</span></p>;
}

function Retained({ view, within: [cohort, count], note, name }: Parameters<Kind["Behind"]>[0]) {
  const scope = scopeOf(view);
  const cells = useQuery<{ cohort: string; since: number; people: number; active: number | null; active_rate: number | null }[]>("getRetention", { unit: "month", periods: 12, ...scope }).data;
  const cell = cells?.find((each) => each.cohort === cohort && each.since === Number(count));
  return (
    <>
      {cell && <Figure more={t("cameBack", { count: shown(cell.active, "count"), people: shown(cell.people, "count"), share: shown(cell.active_rate, "rate") })}>{shown(cell.active_rate, "rate")}</Figure>}
      <BookingLines name="explainRetention" input={{ cohort, since: Number(count), ...scope }} note={`${name} ${note}`} />
    </>
  );
}

function Worth({ view, within: [cohort, count, currency], name }: Parameters<Kind["Behind"]>[0]) {
  const source = view.source ? { source: view.source } : {};
  const cells = useQuery<{ cohort: string; months_since: number; people: number; value_per_person: number | null; cumulative_value: number | null }[]>("getLifetimeValue", { months: 12, currency, ...source }).data;
  const cell = cells?.find((each) => each.cohort === cohort && each.months_since === Number(count));
  return (
    <>
      {cell && <Figure more={`${shown(cell.cumulative_value, "money", currency ?? null)} / ${t("ofPeople", { people: shown(cell.people, "count") })}`}>{shown(cell.value_per_person, "money", currency ?? null)}</Figure>}
      <BookingLines name="explainLifetimeValue" input={{ cohort, since: Number(count), currency, ...source }} note={name} />
    </>
  );
}

interface Told {
  reason: string | null;
  reason_code: string | null;
  method: string | null;
  history_days: number;
  trial_folds: number | null;
  trial_days: number | null;
  error: number | null;
  naive_error: number | null;
  coverage: number | null;
}

/** The model's name, which is the same in all languages: ETS(A,Ad,A). */
const modelOf = (method: string | null): string => /^\w+\([\w,]+\)/.exec(method ?? "")?.[0] ?? "";

/** What a forecast was made of, and how such forecasts did. */
function Forecast({ view, dashboard, metrics, within: [metric = ""], name }: Parameters<Kind["Behind"]>[0]) {
  const scope = scopeOf(view);
  const answer = useQuery<Told>("getForecast", { ...scope, metric, horizon: 28 });
  const told = answer.data;
  const days = told?.history_days ?? 0;
  const to = localDay(dashboard.as_of);
  const history = useQuery<{ starts_at: string; ends_at: string; value: number | null }[]>("getMetricValues", days === 0 ? null : {
    ...scope, metrics: [metric], period: "custom", to, from: dayAfter(to, -days), every: "day",
  });
  if (!told) return answer.error ? <Failure error={answer.error} /> : <div class="skeleton tall" aria-busy="true" />;
  const facts: [string, string][] = [
    [t("method"), modelOf(told.method)],
    [t("historyDays"), shown(days, "count")],
    [t("backTest"), t("backTests", { folds: shown(told.trial_folds, "count"), days: shown(told.trial_days, "count") })],
    [t("errorMase"), shown(told.error, "hops")],
    [t("errorNaive"), shown(told.naive_error, "hops")],
    [t("coverage"), shown(told.coverage, "rate")],
  ];
  const rows = [...(history.data ?? [])].reverse();
  return (
    <>
      {told.error === null ? <p>{maybe(`forecast.${told.reason_code}`, told.reason ?? t("unknown"), { days })}</p>
        : <dl class="facts">{facts.map(([what, is]) => <div key={what}><dt>{what}</dt><dd>{is}</dd></div>)}</dl>}
      {days > 0 && (
        <Panel title={t("history")} note={name} answer={history} table={{
          columns: [{ title: t("unit.day"), kind: "text" }, { title: titleOf(metric, metrics), kind: "count" }],
          rows: rows.map(({ starts_at: start, value }) => [bucket(start, "day", true), value]),
          opens: (r) => ({ open: metric, within: `time:${rows[r]!.starts_at}/${rows[r]!.ends_at}` }),
        }} />
      )}
    </>
  );
}

const pace: Kind = {
  name: ([from]) => (from ? monthOf(from) : null),
  means: "paceMeans",
  Behind: ({ view, within: [from, to, knownAt], name, note }) => (
    <BookingLines name="explainPace" input={{ from, to, ...(knownAt && { knownAt }), ...scopeOf(view) }} note={`${name} ${note}`} />
  ),
};

/** By what the address calls them. */
export const KINDS: Record<string, Kind & { title: Key }> = {
  ...HEALTH,
  starts: {
    title: "heatmap", means: "heatmapMeans", ofPeriod: true,
    name: ([weekday, hour]) => (hour === undefined ? null : `${weekdays("long")[Number(weekday)]}, ${hour.padStart(2, "0")}:00`),
    Behind: ofMetric("mean_duration", "time"),
  },
  lead_times: {
    title: "leadTime", means: "leadTimesMean", ofPeriod: true,
    name: ([least, below]) => {
      if (least === undefined) return null;
      return below ? `${duration(Number(least) * 60)} – ${duration(Number(below) * 60)}` : t("atLeast", { time: duration(Number(least) * 60) });
    },
    Behind: ofMetric("lead_time_p50", "leadTime"),
  },
  utilisation: {
    title: "utilisation", means: "utilisationMeans", ofPeriod: true, name: ([host]) => host ?? null,
    Behind: (opened) => ofMetric("booked_minutes")({ ...opened, view: { ...opened.view, host: opened.within[0] ?? null } }),
  },
  retention_cell: { title: "retention", means: "retentionMeans", name: ([cohort, count]) => (cohort ? `${month(cohort)}, ${since(count)}` : null), Behind: Retained },
  lifetime_value: { title: "lifetimeValue", means: "lifetimeMeans", name: ([cohort, count]) => (cohort ? `${month(cohort)}, ${since(count)}` : null), Behind: Worth },
  pace: { title: "pace", ...pace },
  forecast: { title: "expected", means: "forecastMeans", name: ([metric], metrics) => (metric ? titleOf(metric, metrics) : null), Behind: Forecast },
  origin: {
    title: "origins", means: "originMeans", ofPeriod: true, name: ([, origin]) => (origin ? originName(origin) : null),
    Behind: ({ view, within: [by, origin], note, name }) => <SessionLines name="explainTraffic" input={{ ...inputOf(view), by, origin }} note={`${name} ${note}`} />,
  },
  journey: {
    title: "journeys", means: "journeyMeans", ofPeriod: true, name: ([, from, to]) => (to ? `${stepName(from!)} → ${stepName(to)}` : null),
    Behind: ({ view, within: [step, fromEvent, toEvent], note, name }) => (
      <SessionLines name="explainJourneys" input={{ ...inputOf(view), step: Number(step), fromEvent, toEvent }} note={`${name} ${note}`} />
    ),
  },
  variant: {
    title: "experiments", means: "variantMeans", name: ([experiment, variant]) => (variant ? `${experiment}: ${variant}` : null),
    Behind: ({ view, within: [experiment, variant], name }) => (
      <SessionLines name="explainExperiment" input={{ experiment, variant, ...(view.source && { source: view.source }) }} note={name} />
    ),
  },
};
