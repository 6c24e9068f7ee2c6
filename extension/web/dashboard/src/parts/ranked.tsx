// Why: who and what is booked most, side by side. Guarantees: bars are to scale with the column's largest; a click on a heading
// sorts by it; the table is downloaded in the order in which it is shown.

import { useState } from "preact/hooks";
import { t } from "../text";
import { Panel, type PanelProps } from "./panel";
import { Scroll } from "./scroll";
import { text, type Cell, type Table } from "./table";

export interface RankedProps extends Omit<PanelProps, "table" | "children"> {
  table: Table;
  /** The column with bars, and the one it is ordered by at first. */
  barOf: number;
  onPick?: ((name: string) => void) | undefined;
  /** The metric of each column, and what opens one of a row. */
  metrics?: (string | null)[];
  onOpen?: (metric: string, name: string) => void;
}

function compare(a: Cell, b: Cell): number {
  if (a === null || b === null) return a === b ? 0 : a === null ? 1 : -1;
  return typeof a === "string" || typeof b === "string" ? String(a).localeCompare(String(b)) : b - a;
}

export function Ranked({ table, barOf, onPick, metrics, onOpen, ...panel }: RankedProps) {
  const [order, setOrder] = useState<{ by: number; up: boolean }>({ by: barOf, up: false });
  const rows = [...table.rows].sort((a, b) => compare(a[order.by] ?? null, b[order.by] ?? null) * (order.up ? -1 : 1));
  const most = Math.max(...rows.map((row) => Number(row[barOf] ?? 0)), 1);
  const shown: Table = { ...table, rows };
  return (
    <Panel {...panel} table={shown} drawn="table">
      <Scroll label={panel.title}>
        <table class="data ranked">
          <caption class="unseen">{panel.title}</caption>
          <thead>
            <tr>
              {table.columns.map((column, c) => (
                <th key={column.title} scope="col" class={c === 0 ? "" : "number"} aria-sort={order.by === c ? (order.up !== (c === 0) ? "ascending" : "descending") : undefined}>
                  <button type="button" onClick={() => setOrder({ by: c, up: order.by === c ? !order.up : false })}>
                    {column.title}
                  </button>
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => (
              <tr key={String(row[0])}>
                {table.columns.map((column, c) => {
                  const cell = row[c] ?? null;
                  const written = text(cell, column);
                  if (c === 0) {
                    return (
                      <th key={c} scope="row">
                        {onPick ? <button type="button" class="link" title={t("only", { name: written })} onClick={() => onPick(String(cell))}>{written}</button> : written}
                      </th>
                    );
                  }
                  return (
                    <td key={c} class={`number ${c === barOf ? "barred" : ""}`} data-value={cell === null ? undefined : cell}>
                      {c === barOf && <i style={{ "--share": Number(cell ?? 0) / most }} />}
                      {cell === null ? <span class="unknown">{written}</span>
                        : metrics?.[c] && onOpen
                          ? <button type="button" class="cell" aria-label={`${column.title}, ${row[0]}: ${written}`} onClick={() => onOpen(metrics[c]!, String(row[0]))}>{written}</button>
                          : <span>{written}</span>}
                    </td>
                  );
                })}
              </tr>
            ))}
          </tbody>
        </table>
      </Scroll>
    </Panel>
  );
}
