// What is behind numbers of how the installation is, page by page: webhooks, alerts, what waits for the folder, secrets. Webhooks that
// were authentic and not understood are kept to the byte, with why, and read again here once they can be.

import { useState } from "preact/hooks";
import { mutate, type ApiError, type Input } from "../api/client";
import { refresh } from "../state/queries";
import { t } from "../text";
import { wrong } from "../text/errors";
import { time } from "../text/format";
import { alertDetail, alertName, outcomeName, reasonName, type Told } from "../text/names";
import { Paged } from "./lines";
import type { Column, Table } from "./table";

interface Webhook extends Told {
  delivery_id: number;
  received_at: string;
  source?: string;
  trigger: string | null;
  uid: string | null;
  outcome: string;
}

interface Lines {
  input: Input;
  note: string;
}

/** Reads a webhook again, and says what became of it. */
function useReplay(): [said: string | null, replay: (delivery: number, source: unknown) => void] {
  const [said, say] = useState<string | null>(null);
  const replay = async (delivery: number, source: unknown) => {
    try {
      const { outcome } = await mutate<{ outcome: string }>("replay", { delivery, ...(source ? { source } : {}) });
      say(t("replayed", { delivery, outcome: outcomeName(outcome) }));
    } catch (error) {
      say(wrong(error as ApiError));
    }
    refresh();
  };
  return [said, (delivery, source) => void replay(delivery, source)];
}

const text = (title: string, long = false): Column => ({ title, kind: "text", long });

/** Webhooks, with what is not the same of all of them; those that were not understood can be read again. */
function webhooks(rows: Webhook[], { outcome, source }: Input, replay: (delivery: number, source: unknown) => void): Table {
  const columns: [Column, (row: Webhook) => string][] = [
    [text(t("delivery")), (row) => String(row.delivery_id)],
    [{ title: t("received"), kind: "time" }, (row) => row.received_at],
    ...(rows.some((row) => row.source !== rows[0]!.source) ? [[text(t("source")), (row) => row.source ?? ""] satisfies [Column, (row: Webhook) => string]] : []),
    [text(t("trigger")), (row) => row.trigger ?? ""],
    ...(outcome ? [] : [[text(t("outcome")), (row) => outcomeName(row.outcome)] satisfies [Column, (row: Webhook) => string]]),
    [text(t("why"), true), (row) => reasonName(row).text],
    [text("uid"), (row) => row.uid ?? ""],
  ];
  return {
    columns: columns.map(([column]) => column),
    rows: rows.map((row) => columns.map(([, cell]) => cell(row))),
    untold: (r, c) => columns[c]![0].long === true && !reasonName(rows[r]!).spoken,
    ...(outcome === "quarantined" && { act: { title: t("replay"), run: (r) => replay(rows[r]!.delivery_id, rows[r]!.source ?? source) } }),
  };
}

export function WebhookLines({ input, note }: Lines) {
  const [said, replay] = useReplay();
  return (
    <Paged<Webhook> name="explainDeliveries" input={input} note={note} tableOf={(rows) => webhooks(rows, input, replay)} title="webhooksBehind"
      empty="noWebhooks" said={said} />
  );
}

export function QuarantineLines({ source, wide = false }: { source?: string | null | undefined; wide?: boolean }) {
  const [said, replay] = useReplay();
  const of = source ? { source } : {};
  return (
    <Paged<Webhook> name="getQuarantine" input={of} note="" tableOf={(rows) => webhooks(rows, { ...of, outcome: "quarantined" }, replay)}
      title="quarantinedOnes" empty="noQuarantine" wide={wide} said={said} />
  );
}

interface Alert {
  alert: string;
  title: string;
  source: string | null;
  raised_at: string;
  cleared_at: string | null;
  detail: string | null;
  facts: Record<string, number> | null;
  worst: number;
}

export function AlertLines({ input, note }: Lines) {
  const tableOf = (rows: Alert[]): Table => ({
    columns: [
      { title: t("raisedAt"), kind: "time" }, text(t("clearedAt")), text(t("alert"), true), text(t("source")), { title: t("worst"), kind: "decimal" },
      text(t("detail"), true),
    ],
    rows: rows.map((row) => [
      row.raised_at, row.cleared_at === null ? t("stillRaised") : time(row.cleared_at), alertName(row.alert, row.title), row.source ?? "", row.worst,
      alertDetail(row) ?? "",
    ]),
  });
  return <Paged name="explainAlerts" input={input} note={note} tableOf={tableOf} title="alertsBehind" empty="noAlertsYet" />;
}

export function PendingLines({ note }: { note: string }) {
  const tableOf = (rows: { at: string; source: string; kind: string; name: string }[]): Table => ({
    columns: [{ title: t("since.when"), kind: "time" }, text(t("source")), text(t("what")), text(t("which"))],
    rows: rows.map(({ at, source, kind, name }) => [at, source, t(kind === "event" ? "pending.event" : "pending.booking"), name]),
  });
  return <Paged name="explainPending" input={{}} note={note} tableOf={tableOf} title="pendingBehind" empty="noPending" />;
}

export function SecretLines({ input, note }: Lines) {
  const tableOf = (rows: { valid_from: string; valid_until: string | null }[]): Table => ({
    columns: [{ title: t("validFrom"), kind: "time" }, text(t("validUntil"))],
    rows: rows.map(({ valid_from: from, valid_until: until }) => [from, until === null ? t("forGood") : time(until)]),
  });
  return <Paged name="explainSecrets" input={input} note={note} tableOf={tableOf} title="secretsBehind" empty="noSecrets" />;
}
