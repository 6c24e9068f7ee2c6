// Webhooks that were authentic and not understood: kept to the byte, and read again here once they can be.

import { useState } from "preact/hooks";
import { mutate, type ApiError } from "../api/client";
import { Panel } from "../parts/panel";
import type { Table } from "../parts/table";
import { refresh, useQuery } from "../state/queries";
import { scopeOf } from "../state/view";
import { maybe, t } from "../text";
import { wrong } from "../text/errors";
import { shown, time } from "../text/format";
import type { Context } from "./context";

interface Delivery {
  delivery_id: number;
  received_at: string;
  trigger: string | null;
  uid: string | null;
  detail: string | null;
  repeats: number;
}

export function QuarantinePanel({ context }: { context: Context }) {
  const { source } = scopeOf(context.view);
  const answer = useQuery<{ total: number; rows: Delivery[] }>("getQuarantine", { limit: 50, ...(source && { source }) });
  const [told, tell] = useState<string | null>(null);
  const rows = answer.data?.rows ?? [];
  const replay = async (delivery: number) => {
    try {
      const { outcome } = await mutate<{ outcome: string }>("replay", { delivery, ...(source && { source }) });
      tell(t("replayed", { delivery, outcome: maybe(`outcome.${outcome}`, outcome) }));
    } catch (error) {
      tell(wrong(error as ApiError));
    }
    refresh();
  };
  const table: Table = {
    columns: [
      { title: t("delivery"), kind: "text" }, { title: t("received"), kind: "time" }, { title: t("trigger"), kind: "text" },
      { title: "uid", kind: "text" }, { title: t("why"), kind: "text" },
    ],
    rows: rows.map((row) => [String(row.delivery_id), row.received_at, row.trigger ?? "", row.uid ?? "", row.detail ?? ""]),
  };
  return (
    <Panel wide drawn="table" title={t("quarantine")} answer={answer} height={80} table={table} empty={answer.data && rows.length === 0 ? t("noQuarantine") : null}
      aside={<span role="status" class="quiet">{told ?? (answer.data && rows.length > 0 ? shown(answer.data.total, "count") : "")}</span>}>
      <div class="scroll" tabIndex={0} role="region" aria-label={t("quarantine")}>
        <table class="data">
          <caption class="unseen">{t("quarantine")}</caption>
          <thead><tr>{table.columns.map(({ title }) => <th key={title} scope="col">{title}</th>)}<th scope="col"><span class="unseen">{t("replay")}</span></th></tr></thead>
          <tbody>
            {rows.map((row) => (
              <tr key={row.delivery_id}>
                <th scope="row">{row.delivery_id}</th>
                <td>{time(row.received_at)}</td>
                <td>{row.trigger}</td>
                <td>{row.uid}</td>
                <td lang="en">{row.detail}</td>
                <td class="number"><button type="button" aria-label={`${t("replay")}: ${row.delivery_id}`} onClick={() => void replay(row.delivery_id)}>{t("replay")}</button></td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </Panel>
  );
}
