// How the coming months fill: what is booked for them now and what was a week ago.

import { SeriesChart, type Mark } from "../charts/series";
import { Panel } from "../parts/panel";
import type { Table } from "../parts/table";
import { useQuery } from "../state/queries";
import { t } from "../text";
import { monthOf } from "../text/format";
import { scopeOf, type Context } from "./context";

interface PaceRow {
  known: string;
  starts_at: string;
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
  const table: Table = {
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
      <SeriesChart label={t("pace")} names={months.map(monthOf)} longNames={months.map(monthOf)} marks={marks} kind="count" />
    </Panel>
  );
}
