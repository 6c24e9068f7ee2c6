// How the coming months fill: what is booked for them now and what was a week ago.

import { SeriesChart, type Mark } from "../charts/series";
import { Panel } from "../parts/panel";
import type { Opening, Table } from "../parts/table";
import { useQuery } from "../state/queries";
import { go, part, scopeOf } from "../state/view";
import { t } from "../text";
import { monthOf } from "../text/format";
import type { Context } from "./context";

interface PaceRow {
  known: string;
  starts_at: string;
  ends_at: string;
  bookings: number;
  expected: number | null;
  expected_low: number | null;
  expected_high: number | null;
}

export function PacePanel({ context }: { context: Context }) {
  const answer = useQuery<PaceRow[]>("getPace", { ...scopeOf(context.view), forecast: true });
  const rows = answer.data ?? [];
  const months = [...new Set(rows.map(({ starts_at }) => starts_at))];
  const moments = [...new Set(rows.map(({ known }) => known))].sort();
  // Bookings may be added over currencies.
  const held = (moment: string | undefined) =>
    months.map((month) => rows.filter((row) => row.starts_at === month && row.known === moment).reduce((sum, row) => sum + row.bookings, 0));
  const [before, now] = [held(moments[0]), held(moments.at(-1))];
  // Told once for each month, in a row of the last moment.
  const told = (column: "expected" | "expected_low" | "expected_high") =>
    months.map((month) => rows.find((row) => row.starts_at === month && row[column] !== null)?.[column] ?? null);
  const [expected, low, high] = [told("expected"), told("expected_low"), told("expected_high")];
  const marks: Mark[] = [
    { label: t("expectedBand"), type: "band", color: "3", values: high, low },
    { label: t("heldNow"), type: "bar", color: "1", values: now },
    { label: t("expected"), type: "line", color: "3", values: expected },
    { label: t("heldBefore"), type: "dashed", color: "quiet", values: before },
  ];
  /** What is booked for a month opens to these bookings, as known now or then; what is expected, to the forecast. */
  const opening = (i: number, what: "now" | "before" | "expected"): Opening => {
    if (what === "expected") return { open: "forecast", within: part("completed") };
    const ends = rows.find((row) => row.starts_at === months[i])!.ends_at;
    return { open: "pace", within: part(months[i]!, ends, ...(what === "before" ? [moments[0]!] : [])) };
  };
  const table: Table = {
    opens: (r, c) => opening(r, c === 2 ? "before" : c > 3 ? "expected" : "now"),
    columns: [
      { title: t("unit.month"), kind: "text" }, { title: t("heldNow"), kind: "count" }, { title: t("heldBefore"), kind: "count" },
      { title: t("pickup"), kind: "count" }, { title: t("expected"), kind: "count" }, { title: t("least"), kind: "count" }, { title: t("most"), kind: "count" },
    ],
    rows: months.map((month, i) => [
      monthOf(month), now[i] ?? 0, before[i] ?? 0, (now[i] ?? 0) - (before[i] ?? 0), expected[i] ?? null, low[i] ?? null, high[i] ?? null,
    ]),
  };
  return (
    <Panel title={t("pace")} answer={answer} table={table} legend={marks.map(({ label, color, type }) => ({ label, color, type }))}>
      <SeriesChart label={t("pace")} names={months.map(monthOf)} longNames={months.map(monthOf)} marks={marks} kind="count"
        onOpen={(i, m) => go(opening(i, m === 1 ? "now" : m === 3 ? "before" : "expected"))} />
    </Panel>
  );
}
