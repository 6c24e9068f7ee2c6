// Why: a number is worth what is known of it. Guarantees: says what it means, what stands above and below the line, and the
// very bookings or sessions that it is made of, each in the database's own words; where it is made of neither, that.

import type { Dashboard, Metric } from "../api/types";
import { currencies, figureOf } from "../state/figures";
import { useQuery } from "../state/queries";
import { go, inputOf, openView, partsOf, type View } from "../state/view";
import { knows, maybe, t } from "../text";
import { changed, range, shown, span } from "../text/format";
import { KINDS } from "./behind";
import { Dialog } from "./dialog";
import { MetricLines } from "./metric_lines";
import { Failure } from "./panel";
import { kindOf, titleOf, whyUnknown } from "./tile";

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
  if (rest.metric in KINDS) return <Part {...rest} view={view} />;
  if (apart && !own.data) {
    return (
      <Dialog side title={titleOf(rest.metric, rest.metrics)} onClose={close}>
        {own.error ? <Failure error={own.error} /> : <div class="skeleton tall" aria-busy="true" />}
      </Dialog>
    );
  }
  return <Explanation {...rest} view={scoped} dashboard={own.data ?? rest.dashboard} />;
}

const close = () => go({ open: null, within: null });

const whenOf = (view: View, { period }: Dashboard) => (view.span ? span(...view.span) : range(period.from, period.to));
const noteOf = (view: View, when: string | null) => [when, view.service, view.host].filter(Boolean).join(" · ");

/** A number that is no metric's: a cell, a row, a stream. */
function Part({ metric, view, dashboard, metrics }: Explained) {
  const { title, means, name, ofPeriod, Behind } = KINDS[metric]!;
  const within = partsOf(view);
  const which = name(within, metrics);
  const note = noteOf(view, ofPeriod ? range(dashboard.period.from, dashboard.period.to) : null);
  return (
    <Dialog side title={which === null ? t(title) : `${t(title)}: ${which}`} onClose={close}>
      {note && <p class="quiet">{note}</p>}
      <h3>{t("means")}</h3>
      <p>{t(means)}</p>
      {which === null ? <p class="empty">{t("noSuchPart")}</p>
        : <Behind view={view} dashboard={dashboard} metrics={metrics} within={within} name={which} note={note} />}
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
      <p class="quiet">{noteOf(view, whenOf(view, dashboard))}</p>
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
      <MetricLines metric={meaning} view={view} note={whenOf(view, dashboard)} />
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
