// Why: each chart is a table first: it is drawn, read aloud and downloaded from the same cells. Guarantees: a downloaded file
// holds what is on screen, row for row and digit for digit.

import type { View } from "../state/view";
import { plain, shown, type Kind } from "../text/format";

export interface Column {
  title: string;
  kind: Kind;
  currency?: string | null;
  /** Whether it holds sentences, which take several lines. */
  long?: boolean;
}

export type Cell = string | number | null;

export interface Table {
  columns: Column[];
  rows: Cell[][];
  /** What a cell's number opens: its meaning and what is behind it. */
  opens?: ((row: number, column: number) => Opening | null) | undefined;
  /** What can be done about a row: what that is called, and about which one. */
  act?: { title: string; run: (row: number) => void } | undefined;
  /** Whether a cell says what the database says, in English. */
  untold?: ((row: number, column: number) => boolean) | undefined;
}

export type Opening = Pick<View, "open" | "within">;

export const text = (cell: Cell | undefined, column: Column): string => shown(cell, column.kind, column.currency);

const UNITS: Partial<Record<Kind, string>> = {
  rate: "%",
  hours: "h",
  minutes: "min",
  seconds: "s",
  milliseconds: "ms",
};

function heading({ title, kind, currency }: Column): string {
  const unit = currency ?? UNITS[kind];
  return unit ? `${title} (${unit})` : title;
}

/** One field. What a spreadsheet would take for a formula is kept from being one. */
function field(value: string): string {
  const safe = /^[=+\-@\t\r]/.test(value) && Number.isNaN(Number(value)) ? `'${value}` : value;
  return /[",\n\r]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** RFC 4180, in UTF-8. */
export function csv(table: Table): string {
  const lines = [
    table.columns.map(heading),
    ...table.rows.map((row) =>
      table.columns.map((column, i) => {
        const cell = row[i] ?? null;
        // Dates and the like are written as on screen; numbers as programs read them.
        return typeof cell === "string" ? shown(cell, column.kind) : plain(cell, column.kind, column.currency);
      }),
    ),
  ];
  return lines.map((line) => line.map(field).join(",")).join("\r\n") + "\r\n";
}
