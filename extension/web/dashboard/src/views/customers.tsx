// Who comes, who comes back, and what they are worth.

import { GridChart } from "../charts/grid";
import { SeriesChart } from "../charts/series";
import { Panel } from "../parts/panel";
import type { Opening, Table } from "../parts/table";
import { useQuery } from "../state/queries";
import { go, part, scopeOf } from "../state/view";
import { t } from "../text";
import { monthOf, rounded, shown } from "../text/format";
import { noteOf, seriesOfMetrics, type Context } from "./context";
import { Tiles } from "./tiles";

const FIGURES = ["customers", "new_customers", "returning_customers", "retention", "rebooking_rate", "consultation_conversion"];
const MONTHS = 12;

interface Cohort {
  cohort: string;
  people: number;
  since: number;
  active: number | null;
  active_rate: number | null;
}

interface Worth {
  cohort: string;
  people: number;
  months_since: number;
  currency_used: string | null;
  value_per_person: number | null;
  collected_per_person: number | null;
}

export function Customers({ context }: { context: Context }) {
  const visits = seriesOfMetrics(
    context, [{ metric: "new_customers", type: "bar", color: "1" }, { metric: "returning_customers", type: "bar", color: "2" }], "count",
  );
  return (
    <>
      <Tiles context={context} figures={FIGURES} />
      <div class="panels">
        <Panel wide title={t("newAndReturning")} note={noteOf(context)} table={visits.table} legend={visits.legend}>
          <SeriesChart label={t("newAndReturning")} {...visits.chart} />
        </Panel>
        <Retention context={context} />
        {!context.caller.service && !context.caller.host && <LifetimeValue context={context} />}
      </div>
    </>
  );
}

/** Rows by cohort and months since, as a matrix: [names, sizes, cells]. */
function matrix<T extends { cohort: string; people: number }>(rows: T[], since: (row: T) => number, cell: (row: T) => number | null) {
  const cohorts = [...new Map(rows.map(({ cohort, people }) => [cohort, people]))];
  const values = cohorts.map(([cohort]) => {
    const line = new Array<number | null>(MONTHS + 1).fill(null);
    for (const row of rows) if (row.cohort === cohort && since(row) <= MONTHS) line[since(row)] = cell(row);
    return line;
  });
  return { cohorts, values };
}

const columns = [...Array(MONTHS + 1).keys()];

/** What of a matrix is drawn: down to its last row and up to its last column that tells anything. */
function told(values: (number | null)[][]): { rows: number; columns: number } {
  const known = values.map((line) => line.findLastIndex((value) => value !== null) + 1);
  return { rows: known.findLastIndex((count) => count > 0) + 1, columns: Math.max(...known, 1) };
}

function Retention({ context }: { context: Context }) {
  const answer = useQuery<Cohort[]>("getRetention", { unit: "month", periods: MONTHS, ...scopeOf(context.view) });
  const rows = answer.data ?? [];
  const { cohorts, values } = matrix(rows, ({ since }) => since, ({ active_rate }) => active_rate);
  const opening = (r: number, c: number): Opening => ({ open: "retention_cell", within: part(cohorts[r]![0], c) });
  const table: Table = {
    opens: (r, c) => opening(r, Math.max(0, c - 2)),
    columns: [{ title: t("firstVisit"), kind: "text" }, { title: t("people"), kind: "count" }, ...columns.map((i) => ({ title: t("monthsLater", { count: i }), kind: "rate" as const }))],
    rows: cohorts.map(([cohort, people], r) => [monthOf(`${cohort}T12:00:00Z`), people, ...values[r]!]),
  };
  const drawn = told(values);
  const count = (r: number, c: number) => rows.find(({ cohort, since }) => cohort === cohorts[r]![0] && since === c)?.active ?? null;
  return (
    <Panel title={t("retention")} note={[context.view.service, context.view.host].filter(Boolean).join(" · ")} table={table} answer={answer} height={320} empty={answer.data && cohorts.length === 0 ? t("noVisitsYet") : null}
      aside={<span class="quiet">{t("byFirstVisit")}</span>}>
      <GridChart label={t("retention")} rows={cohorts.slice(0, drawn.rows).map(([cohort]) => monthOf(`${cohort}T12:00:00Z`))}
        columns={columns.slice(0, drawn.columns).map((i) => (i === 0 ? "0" : `+${i}`))} values={values.slice(0, drawn.rows).map((line) => line.slice(0, drawn.columns))} most={0.5} onOpen={(r, c) => go(opening(r, c))}
        write={(value) => `${Math.round(value * 100)}`}
        tell={(r, c) => t("cameBack", { count: shown(count(r, c), "count"), people: shown(cohorts[r]![1], "count"), share: shown(values[r]![c] ?? null, "rate") })} />
    </Panel>
  );
}

function LifetimeValue({ context }: { context: Context }) {
  const { currency, view } = context;
  const answer = useQuery<Worth[]>(
    "getLifetimeValue", currency === null ? null : { months: MONTHS, currency, ...(view.source && { source: view.source }) },
  );
  const rows = (answer.data ?? []).filter(({ currency_used }) => currency_used === currency);
  const { cohorts, values } = matrix(rows, ({ months_since }) => months_since, ({ value_per_person }) => value_per_person);
  const opening = (r: number, c: number): Opening => ({ open: "lifetime_value", within: part(cohorts[r]![0], c, currency ?? "") });
  const table: Table = {
    opens: (r, c) => opening(r, Math.max(0, c - 2)),
    columns: [
      { title: t("firstVisit"), kind: "text" }, { title: t("people"), kind: "count" },
      ...columns.map((i) => ({ title: t("monthsLater", { count: i }), kind: "money" as const, currency })),
    ],
    rows: cohorts.map(([cohort, people], r) => [monthOf(`${cohort}T12:00:00Z`), people, ...values[r]!]),
  };
  const drawn = told(values);
  return (
    <Panel title={t("lifetimeValue")} table={table} answer={currency === null ? undefined : answer} height={320}
      empty={currency === null ? t("unknown.money") : answer.data && cohorts.length === 0 ? t("noVisitsYet") : null}
      aside={<span class="quiet">{t("perPerson", { currency: currency ?? "" })}</span>}>
      <GridChart label={t("lifetimeValue")} rows={cohorts.slice(0, drawn.rows).map(([cohort]) => monthOf(`${cohort}T12:00:00Z`))}
        columns={columns.slice(0, drawn.columns).map((i) => (i === 0 ? "0" : `+${i}`))} values={values.slice(0, drawn.rows).map((line) => line.slice(0, drawn.columns))} onOpen={(r, c) => go(opening(r, c))} write={(value) => (currency ? shown(rounded(value, "money", currency).number, "count") : "")}
        tell={(r, c) => `${shown(values[r]![c] ?? null, "money", currency)} · ${t("ofPeople", { people: shown(cohorts[r]![1], "count") })}`} />
    </Panel>
  );
}
