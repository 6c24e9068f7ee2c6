// Why: a number is worth what is known of it. Guarantees: says what it means, what stands above and below the line, and the
// very bookings that it is made of, each in the database's own words; where it isn't made of bookings, that.

import { useState } from "preact/hooks";
import type { Dashboard, Metric } from "../api/types";
import { currencies, figureOf } from "../state/figures";
import { useQuery } from "../state/queries";
import { go, inputOf, openView, partOf, type View } from "../state/view";
import { knows, maybe, t, type Key } from "../text";
import { changed, duration, range, shown, span, weekdays } from "../text/format";
import { Dialog } from "./dialog";
import { Panel } from "./panel";
import type { Column, Table } from "./table";
import { kindOf, titleOf, whyUnknown } from "./tile";

interface Line {
  root_uid: string;
  counted_at: string;
  numerator: number;
  denominator: number | null;
  currency: string | null;
  status: string;
  starts_at: string;
  service_name: string | null;
  host_name: string | null;
}
interface Page {
  total: number;
  rows: Line[];
  next: number | null;
}

const LIMIT = 500;

interface Explained {
  metric: string;
  view: View;
  dashboard: Dashboard;
  metrics: (Metric & { explained?: boolean })[];
}

/** What is open in a view: one of its figures, or one of a row, a point or a cell. */
export function Explain({ view, ...rest }: Explained) {
  const scoped = openView(view);
  const apart = scoped !== view;
  const own = useQuery<Dashboard>("getDashboardMetrics", apart ? inputOf(scoped) : null);
  if (rest.metric in CELLS) return <Cell {...rest} view={view} />;
  if (apart && !own.data) return null;
  return <Explanation {...rest} view={scoped} dashboard={own.data ?? rest.dashboard} />;
}

const close = () => go({ open: null, within: null });

const whenOf = (view: View, { period }: Dashboard) => (view.span ? span(...view.span) : range(period.from, period.to));
const noteOf = (view: View, dashboard: Dashboard) => [whenOf(view, dashboard), view.service, view.host].filter(Boolean).join(" · ");

/** Charts whose cells and bars are counts of bookings by something else than time, and the metric that is about the same bookings. */
const CELLS: Record<string, { title: Key; means: Key; metric: string; minutes: Key }> = {
  starts: { title: "heatmap", means: "heatmapMeans", metric: "mean_duration", minutes: "time" },
  lead_times: { title: "leadTime", means: "leadTimesMean", metric: "lead_time_p50", minutes: "leadTime" },
};

function Cell({ metric, view, dashboard, metrics }: Explained) {
  const { title, means, metric: about, minutes } = CELLS[metric]!;
  const meaning = metrics.find((each) => each.metric === about);
  const { weekday, hour, least = 0, below } = partOf(view);
  const name = weekday !== undefined ? `${weekdays("long")[weekday]}, ${String(hour).padStart(2, "0")}:00`
    : below === undefined ? t("atLeast", { time: duration(least * 60) }) : `${duration(least * 60)} – ${duration(below * 60)}`;
  return (
    <Dialog side title={`${t(title)}: ${name}`} onClose={close}>
      <p class="quiet">{noteOf(view, dashboard)}</p>
      <h3>{t("means")}</h3>
      <p>{t(means)}</p>
      {meaning && <Bookings metric={meaning} view={view} note={name} minutes={t(minutes)} />}
    </Dialog>
  );
}

function Explanation({ metric, view, dashboard, metrics }: Explained) {
  const meaning = metrics.find((each) => each.metric === metric);
  if (!meaning) return <Dialog side title={metric} onClose={close}><p class="empty">{t("noSuchMetric", { metric })}</p></Dialog>;
  const basis = view.basis && meaning.bases.includes(view.basis) ? view.basis : meaning.default_basis;
  const codes = meaning.per_currency ? currencies(dashboard) : [null];
  return (
    <Dialog side title={titleOf(metric, metrics)} onClose={close}>
      <p class="quiet">{noteOf(view, dashboard)}</p>
      {codes.map((currency) => <Value key={currency} metric={meaning} dashboard={dashboard} currency={currency} />)}
      {codes.length === 0 && <p class="figure unknown">{t("unknown")}</p>}
      <h3>{t("means")}</h3>
      {knows(`formula.${metric}`) ? <p>{maybe(`formula.${metric}`, "")}</p> : <p lang="en">{meaning.formula}</p>}
      <dl class="facts">
        <div><dt>{t("basis")}</dt><dd>{maybe(`basis.${basis}`, basis)}</dd></div>
        {meaning.denominator && <div><dt>{t("ratio")}</dt><dd lang="en"><code>{meaning.numerator}</code> / <code>{meaning.denominator}</code></dd></div>}
        <div><dt>{t("additive")}</dt><dd>{meaning.additive ? t("yes") : t("no")}</dd></div>
        <div><dt>SQL</dt><dd><code>{sqlOf(metric, view)}</code></dd></div>
      </dl>
      {meaning.explained ? <Bookings metric={meaning} view={view} note={whenOf(view, dashboard)} />
        : <p class="empty">{t("notOfBookings")}</p>}
    </Dialog>
  );
}

function Value({ metric, dashboard, currency }: { metric: Metric; dashboard: Dashboard; currency: string | null }) {
  const figure = figureOf(dashboard, metric.metric, currency);
  const write = (value: number | null | undefined) => shown(value ?? null, kindOf(metric.metric, metric.unit), currency);
  const above = metric.unit === "money" ? shown(figure?.numerator ?? null, "money", currency) : shown(figure?.numerator ?? null, "count");
  return (
    <p class="figure">
      <b data-value={figure?.value ?? undefined}>{write(figure?.value)}</b>
      {figure?.value === null && <span>{whyUnknown(metric.metric, [metric])}</span>}
      {metric.denominator && figure?.denominator != null && <span>{above} / {shown(figure.denominator, "count")}</span>}
      {figure && figure.previous !== null && (
        <span>{t("before", { value: write(figure.previous) })}{figure.change !== null && ` (${changed(figure.change, metric.unit)})`}</span>
      )}
    </p>
  );
}

const quoted = (text: string) => `'${text.replaceAll("'", "''")}'`;

/** The call that answers the same in psql. */
function sqlOf(metric: string, view: View): string {
  const { period, from, to } = inputOf(view);
  const said = [quoted(metric), quoted(period!)];
  if (view.at && !from) said.push(`at => ${quoted(view.at)}`, "as_of => now()");
  if (from && to) said.push(`"from" => ${quoted(from)}`, `"to" => ${quoted(to)}`);
  for (const name of ["source", "service", "host", "basis"] as const) if (view[name]) said.push(`${name} => ${quoted(view[name])}`);
  return `select * from cal.explain_metric(${said.join(", ")});`;
}

/** The bookings behind a number. minutes: what is told of each instead of what it counts. */
function Bookings({ metric, view, note, minutes }: { metric: Metric; view: View; note: string; minutes?: string }) {
  const [offset, setOffset] = useState(0);
  const answer = useQuery<Page>("explainMetric", { ...inputOf(view), ...partOf(view), metric: metric.metric, limit: LIMIT, offset });
  const page = answer.data;
  const money = metric.unit === "money";
  const ratio = metric.denominator && !minutes;
  const counts: Column = minutes ? { title: minutes, kind: "minutes" }
    : { title: money ? t("minorUnits") : ratio ? t("above") : t("counts"), kind: "count" };
  const table: Table | null = page && {
    columns: [
      { title: t("start"), kind: "time" },
      { title: t("service"), kind: "text" },
      { title: t("host"), kind: "text" },
      { title: t("status"), kind: "text" },
      counts,
      ...(ratio ? [{ title: t("below"), kind: "count" as const }] : []),
      ...(money ? [{ title: t("currency"), kind: "text" as const }] : []),
      { title: "uid", kind: "text" },
    ],
    rows: page.rows.map((line) => [
      line.starts_at, line.service_name ?? "", line.host_name ?? "", maybe(`status.${line.status}`, line.status), line.numerator,
      ...(ratio ? [line.denominator] : []), ...(money ? [line.currency ?? ""] : []), line.root_uid,
    ]),
  };
  return (
    <>
      <Panel title={page ? t("bookingsBehind", { count: shown(page.total, "count") }) : t("bookings")} note={note} table={table} answer={answer}
        empty={page?.total === 0 ? t("noBookings") : null} />
      {page && (offset > 0 || page.next !== null) && (
        <p class="pages">
          <button type="button" disabled={offset === 0} onClick={() => setOffset(Math.max(0, offset - LIMIT))}>{t("previousPage")}</button>
          {shown(offset + 1, "count")} – {shown(offset + page.rows.length, "count")}
          <button type="button" disabled={page.next === null} onClick={() => setOffset(page.next!)}>{t("nextPage")}</button>
        </p>
      )}
    </>
  );
}
