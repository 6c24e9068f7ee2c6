// Why: a number is worth what is known of it. Guarantees: says what it means, what stands above and below the line, and the
// very bookings that it is made of, each in the database's own words; where it isn't made of bookings, that.

import { useState } from "preact/hooks";
import type { Dashboard, Metric } from "../api/types";
import { currencies, figureOf } from "../state/figures";
import { useQuery } from "../state/queries";
import { go, inputOf, openView, type View } from "../state/view";
import { maybe, t } from "../text";
import { changed, range, shown } from "../text/format";
import { Dialog } from "./dialog";
import { Panel } from "./panel";
import type { Table } from "./table";
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

/** What is open in a view: one of its figures, or one of a table's row. */
export function Explain({ view, ...rest }: Explained) {
  const scoped = openView(view);
  const own = useQuery<Dashboard>("getDashboardMetrics", view.within ? inputOf(scoped) : null);
  if (view.within && !own.data) return null;
  return <Explanation {...rest} view={scoped} dashboard={own.data ?? rest.dashboard} />;
}

function Explanation({ metric, view, dashboard, metrics }: Explained) {
  const meaning = metrics.find((each) => each.metric === metric);
  const close = () => go({ open: null, within: null });
  if (!meaning) return <Dialog side title={metric} onClose={close}><p class="empty">{t("noSuchMetric", { metric })}</p></Dialog>;
  const basis = view.basis && meaning.bases.includes(view.basis) ? view.basis : meaning.default_basis;
  const codes = meaning.per_currency ? currencies(dashboard) : [null];
  return (
    <Dialog side title={titleOf(metric, metrics)} onClose={close}>
      <p class="quiet">{[range(dashboard.period.from, dashboard.period.to), view.service, view.host].filter(Boolean).join(" · ")}</p>
      {codes.map((currency) => <Value key={currency} metric={meaning} dashboard={dashboard} currency={currency} />)}
      {codes.length === 0 && <p class="figure unknown">{t("unknown")}</p>}
      <h3>{t("means")}</h3>
      <p lang="en">{meaning.formula}</p>
      <dl class="facts">
        <div><dt>{t("basis")}</dt><dd>{maybe(`basis.${basis}`, basis)}</dd></div>
        {meaning.denominator && <div><dt>{t("ratio")}</dt><dd lang="en"><code>{meaning.numerator}</code> / <code>{meaning.denominator}</code></dd></div>}
        <div><dt>{t("additive")}</dt><dd>{meaning.additive ? t("yes") : t("no")}</dd></div>
        <div><dt>SQL</dt><dd><code>{sqlOf(metric, view)}</code></dd></div>
      </dl>
      {meaning.explained ? <Bookings metric={meaning} view={view} note={range(dashboard.period.from, dashboard.period.to)} />
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
  const said = [quoted(metric), quoted(view.period)];
  if (view.at) said.push(`at => ${quoted(view.at)}`, "as_of => now()");
  if (view.from && view.to) said.push(`"from" => ${quoted(inputOf(view)["from"]!)}`, `"to" => ${quoted(inputOf(view)["to"]!)}`);
  for (const name of ["source", "service", "host", "basis"] as const) if (view[name]) said.push(`${name} => ${quoted(view[name])}`);
  return `select * from cal.explain_metric(${said.join(", ")});`;
}

function Bookings({ metric, view, note }: { metric: Metric; view: View; note: string }) {
  const [offset, setOffset] = useState(0);
  const answer = useQuery<Page>("explainMetric", { ...inputOf(view), metric: metric.metric, limit: LIMIT, offset });
  const page = answer.data;
  const money = metric.unit === "money";
  const table: Table | null = page && {
    columns: [
      { title: t("start"), kind: "time" },
      { title: t("service"), kind: "text" },
      { title: t("host"), kind: "text" },
      { title: t("status"), kind: "text" },
      { title: money ? t("minorUnits") : metric.denominator ? t("above") : t("counts"), kind: "count" },
      ...(metric.denominator ? [{ title: t("below"), kind: "count" as const }] : []),
      ...(money ? [{ title: t("currency"), kind: "text" as const }] : []),
      { title: "uid", kind: "text" },
    ],
    rows: page.rows.map((line) => [
      line.starts_at, line.service_name ?? "", line.host_name ?? "", maybe(`status.${line.status}`, line.status), line.numerator,
      ...(metric.denominator ? [line.denominator] : []), ...(money ? [line.currency ?? ""] : []), line.root_uid,
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
