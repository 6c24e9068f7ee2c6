import { go } from "../state/view";
import { Scroll } from "./scroll";
import { text, type Table } from "./table";

const isNumber = (kind: string) => !["text", "time", "day"].includes(kind);

/** A table as it is downloaded: the same columns, rows and digits. */
export function DataTable({ table, caption }: { table: Table; caption: string }) {
  return (
    <Scroll label={caption}>
      <table class="data">
        <caption class="unseen">{caption}</caption>
        <thead>
          <tr>
            {table.columns.map((column) => (
              <th key={column.title} scope="col" class={isNumber(column.kind) ? "number" : ""}>
                {column.title}
              </th>
            ))}
            {table.act && <th scope="col"><span class="unseen">{table.act.title}</span></th>}
          </tr>
        </thead>
        <tbody>
          {table.rows.map((row, r) => (
            <tr key={r}>
              {table.columns.map((column, c) => {
                const cell = row[c] ?? null;
                const written = text(cell, column);
                const opening = cell === null || c === 0 ? null : table.opens?.(r, c);
                if (c === 0) return <th key={c} scope="row" class={column.kind}>{written}</th>;
                return (
                  <td key={c} class={isNumber(column.kind) ? "number" : column.long ? "long" : column.kind} lang={table.untold?.(r, c) ? "en" : undefined} data-value={cell === null ? undefined : cell}>
                    {cell === null ? <span class="unknown">{written}</span>
                      : opening ? <button type="button" class="cell" aria-label={`${column.title}, ${text(row[0] ?? null, table.columns[0]!)}: ${written}`} onClick={() => go(opening)}>{written}</button>
                        : written}
                  </td>
                );
              })}
              {table.act && (
                <td class="number">
                  <button type="button" aria-label={`${table.act.title}: ${text(row[0] ?? null, table.columns[0]!)}`} onClick={() => table.act!.run(r)}>{table.act.title}</button>
                </td>
              )}
            </tr>
          ))}
        </tbody>
      </table>
    </Scroll>
  );
}
