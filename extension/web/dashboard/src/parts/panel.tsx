// Why: every chart and table stands in the same frame. Guarantees: whatever is drawn can also be read as a table and taken
// along, as CSV and, if it is a picture, as PNG; while the answer is on its way there is a skeleton of the same size.

import type { ComponentChildren } from "preact";
import { useRef, useState } from "preact/hooks";
import type { ApiError } from "../api/client";
import type { Answer } from "../state/queries";
import { refresh } from "../state/queries";
import { t } from "../text";
import { wrong } from "../text/errors";
import { DataTable } from "./data_table";
import { fileName, picture, save } from "./download";
import { Icon } from "./icon";
import { csv, type Table } from "./table";

export interface PanelProps {
  title: string;
  /** What is shown, of when: a picture's second line. */
  note?: string | undefined;
  /** Beside the title. */
  aside?: ComponentChildren;
  /** Below what is shown. */
  below?: ComponentChildren;
  table?: Table | null | undefined;
  /** What is drawn of it; none where the table itself is what is shown. */
  children?: ComponentChildren;
  /** A chart, which can be a picture; or a list; or a table already. */
  drawn?: "chart" | "list" | "table";
  /** The answer it is made of: until it is there, a skeleton is. */
  answer?: Answer<unknown> | undefined;
  /** What to say instead, where there is nothing to show. */
  empty?: string | null | undefined;
  wide?: boolean;
  legend?: { label: string; color: string; type?: string }[];
  height?: number;
}

export function Panel({ title, note, aside, below, table, children, answer, empty, wide, legend, height = 220, drawn = children ? "chart" : "table" }: PanelProps) {
  const [asTable, setAsTable] = useState(false);
  const frame = useRef<HTMLElement>(null);
  const ready = !answer || answer.data !== null;
  const failed = answer?.error && answer.data === null;
  const name = (kind: string) => `${fileName("calytics", title, note ?? null)}.${kind}`;
  const onPicture = async () => {
    const chart = frame.current?.querySelector<SVGSVGElement>(".chart svg");
    const said = [note, frame.current?.querySelector(".aside > span")?.textContent].filter(Boolean).join(" · ");
    if (chart) save(name("png"), "image/png", await picture(frame.current!, chart, title, said));
  };
  const shows = ready && !empty && table;
  return (
    <section class={`panel ${wide ? "wide" : ""}`} ref={frame} aria-busy={!ready && !failed}>
      <header>
        <h2>{title}</h2>
        {aside && <div class="aside">{aside}</div>}
        {shows && (
          <div class="tools">
            {drawn !== "table" && (
              <button type="button" class="tool" aria-pressed={asTable} title={t("asTable")} aria-label={`${t("asTable")}: ${title}`} onClick={() => setAsTable(!asTable)}>
                <Icon name="table" />
              </button>
            )}
            <button type="button" class="tool" title={t("csv")} aria-label={`${t("csv")}: ${title}`} onClick={() => save(name("csv"), "text/csv;charset=utf-8", csv(table))}>
              <Icon name="download" />
            </button>
            {drawn === "chart" && !asTable && (
              <button type="button" class="tool" title={t("png")} aria-label={`${t("png")}: ${title}`} onClick={() => void onPicture()}>
                <Icon name="image" />
              </button>
            )}
          </div>
        )}
      </header>
      {failed ? (
        <Failure error={answer.error!} />
      ) : !ready ? (
        <div class="skeleton" style={{ height: `${height}px` }} />
      ) : empty ? (
        <p class="empty">{empty}</p>
      ) : (
        <>
          {legend && legend.length > 1 && !asTable && (
            <ul class="legend">
              {[...legend.filter(({ type }) => type !== "band"), ...legend.filter(({ type }) => type === "band")].map(({ label, color, type = "bar" }) => (
                <li key={label}>
                  <i class={`key c-${color} ${type}`} />
                  {label}
                </li>
              ))}
            </ul>
          )}
          {children && !asTable ? children : table && <DataTable table={table} caption={title} />}
          {below}
        </>
      )}
    </section>
  );
}

/** What went wrong, with what helps to find it. */
export function Failure({ error }: { error: ApiError }) {
  return (
    <div class="failure" role="alert">
      <p>{wrong(error)}</p>
      {error.requestId && <p class="quiet">{t("requestId", { id: error.requestId })}</p>}
      <button type="button" onClick={refresh}>{t("retry")}</button>
    </div>
  );
}
