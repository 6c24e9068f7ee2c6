// What becomes of bookings: when they are, how long before they are made, how many are moved, called off or missed, and how
// the coming months fill.

import { GridChart } from "../charts/grid";
import { SeriesChart } from "../charts/series";
import { Panel } from "../parts/panel";
import type { Opening, Table } from "../parts/table";
import { figureOf } from "../state/figures";
import { go, part } from "../state/view";
import { t } from "../text";
import { duration, shown, weekdays } from "../text/format";
import { noteOf, seriesOfMetrics, type Context } from "./context";
import { ForecastPanel } from "./forecast";
import { PacePanel } from "./pace";
import { Tiles } from "./tiles";

const FIGURES = ["created", "confirmed", "upcoming", "cancellation_rate", "late_cancellation_rate", "no_show_rate", "reschedule_rate", "lead_time_p50"];

export function Bookings({ context }: { context: Context }) {
  const note = noteOf(context);
  const outcomes = seriesOfMetrics(
    context,
    [
      { metric: "completed", type: "bar", color: "good" }, { metric: "upcoming", type: "bar", color: "6" },
      { metric: "no_show", type: "bar", color: "3" }, { metric: "cancelled", type: "bar", color: "bad" },
    ],
    "count",
  );
  return (
    <>
      <Tiles context={context} figures={FIGURES} />
      <div class="panels many">
        <Panel title={t("byStatus")} note={note} table={outcomes.table} legend={outcomes.legend}>
          <SeriesChart label={t("byStatus")} {...outcomes.chart} />
        </Panel>
        <PacePanel context={context} />
        <ForecastPanel context={context} />
        <Heatmap context={context} />
        <LeadTimes context={context} />
        <Outcomes context={context} />
        <Moves context={context} />
      </div>
    </>
  );
}

function Heatmap({ context }: { context: Context }) {
  const { heatmap } = context.dashboard;
  const filled = heatmap.flatMap((row) => row.flatMap((value, hour) => (value > 0 ? [hour] : [])));
  const [first, last] = filled.length > 0 ? [Math.min(...filled), Math.max(...filled)] : [8, 20];
  const hours = [...Array(last - first + 1).keys()].map((i) => first + i);
  const days = weekdays("long");
  const opening = (row: number, column: number): Opening => ({ open: "starts", within: part(row, hours[column]!) });
  const table: Table = {
    opens: (r, c) => opening(r, c - 1),
    columns: [{ title: t("weekday"), kind: "text" }, ...hours.map((hour) => ({ title: `${String(hour).padStart(2, "0")}:00`, kind: "count" as const }))],
    rows: heatmap.map((row, i) => [days[i]!, ...hours.map((hour) => row[hour] ?? 0)]),
  };
  return (
    <Panel title={t("heatmap")} note={noteOf(context)} table={table} empty={filled.length === 0 ? t("noBookings") : null}>
      <GridChart label={t("heatmap")} rows={weekdays("short")} columns={hours.map((hour) => String(hour).padStart(2, "0"))}
        onOpen={(row, column) => go(opening(row, column))} values={heatmap.map((row) => hours.map((hour) => row[hour] ?? 0))} write={(value) => (value > 0 ? shown(value, "count") : "")}
        tell={(row, column) => t("startsAt", { count: shown(heatmap[row]?.[hours[column]!] ?? 0, "count") })} />
    </Panel>
  );
}

function LeadTimes({ context }: { context: Context }) {
  const { from_minutes: from, bookings } = context.dashboard.lead_times;
  const name = (i: number) =>
    from[i + 1] === undefined ? t("atLeast", { time: duration(from[i]! * 60) }) : t("under", { time: duration(from[i + 1]! * 60) });
  const names = from.map((_, i) => name(i));
  const long = from.map((low, i) => (from[i + 1] === undefined ? name(i) : `${duration(low * 60)} – ${duration(from[i + 1]! * 60)}`));
  const opening = (i: number): Opening => ({ open: "lead_times", within: part(from[i]!, from[i + 1] ?? "") });
  const table: Table = {
    opens: opening,
    columns: [{ title: t("leadTime"), kind: "text" }, { title: t("bookings"), kind: "count" }],
    rows: long.map((title, i) => [title, bookings[i] ?? 0]),
  };
  const median = figureOf(context.dashboard, "lead_time_p50")?.value ?? null;
  return (
    <Panel title={t("leadTime")} note={noteOf(context)} table={table} empty={bookings.every((count) => count === 0) ? t("noBookings") : null}
      aside={median !== null && <span class="quiet">{t("medianTime", { time: shown(median, "minutes") })}</span>}>
      <SeriesChart label={t("leadTime")} names={names} longNames={long} kind="count" height={202} onOpen={(i) => go(opening(i))}
        marks={[{ label: t("bookings"), color: "2", type: "bar", values: bookings }]} />
    </Panel>
  );
}

/** A table of a few counts with their share of a whole. */
function Shares({ context, title, rows, of }: { context: Context; title: string; rows: [string, number | null, string | null][]; of: number | null }) {
  const table: Table = {
    opens: (r) => (rows[r]![2] ? { open: rows[r]![2], within: null } : null),
    columns: [{ title: t("what"), kind: "text" }, { title: t("bookings"), kind: "count" }, { title: t("share"), kind: "rate" }],
    rows: rows.map(([name, value]) => [name, value, value === null || !of ? null : value / of]),
  };
  return <Panel title={title} note={noteOf(context)} table={table} />;
}

function Outcomes({ context }: { context: Context }) {
  const { dashboard } = context;
  const above = (metric: string) => figureOf(dashboard, metric)?.numerator ?? null;
  const confirmed = figureOf(dashboard, "cancellation_rate")?.denominator ?? null;
  const [cancelled, late] = [above("cancellation_rate"), above("late_cancellation_rate")];
  return (
    <Shares context={context} title={t("cancellations")} of={confirmed}
      rows={[
        [t("cancelledAll"), cancelled, "cancellation_rate"],
        [t("cancelledEarly"), cancelled === null || late === null ? null : cancelled - late, "cancellation_rate"],
        [t("cancelledLateClient"), above("late_cancellation_rate_client"), "late_cancellation_rate_client"],
        [t("cancelledLateHost"), above("late_cancellation_rate_host"), "late_cancellation_rate_host"],
        [t("noShows"), figureOf(dashboard, "no_show")?.value ?? null, "no_show"],
        [t("hostNoShows"), figureOf(dashboard, "host_no_show")?.value ?? null, "host_no_show"],
      ]} />
  );
}

function Moves({ context }: { context: Context }) {
  const { dashboard } = context;
  const value = (metric: string) => figureOf(dashboard, metric)?.value ?? null;
  const names: [string, string][] = [
    [t("created"), "created"], [t("rescheduled"), "rescheduled"], [t("awaiting"), "awaiting"], [t("pending"), "pending"],
    [t("withdrawn"), "withdrawn"], [t("rejected"), "rejected"],
  ];
  return (
    <Shares context={context} title={t("chains")} of={value("created")} rows={names.map(([name, metric]) => [name, value(metric), metric])} />
  );
}
