// How the installation is: what comes in and what becomes of it, what wasn't understood, and how to connect what isn't yet.

import { Panel } from "../parts/panel";
import { QuarantineLines } from "../parts/health_lines";
import { SetUp } from "../parts/states";
import type { Opening, Table } from "../parts/table";
import { useQuery } from "../state/queries";
import { part } from "../state/view";
import { maybe, t } from "../text";
import { duration, time } from "../text/format";
import { outcomeName } from "../text/names";
import { AlertsPanel, type Health as State } from "./alerts";
import type { Context } from "./context";
import { HistoryPanel } from "./health_history";

interface Stats {
  as_of: string;
  deliveries: { since: string; outcomes: Record<string, number> | null };
}

export function Health({ context }: { context: Context }) {
  const health = useQuery<State>("getHealthStatus", {});
  const stats = useQuery<Stats>("getBatchStats", {});
  return (
    <div class="panels">
      <AlertsPanel />
      <HistoryPanel />
      <Sources answer={health} />
      <Deliveries answer={stats} />
      <Machine answer={health} />
      <QuarantineLines source={context.view.source} wide />
      <section class="panel wide" data-state={context.dashboard.last_webhook_at === null ? "no-data" : undefined}>
        <header><h2>{t("connect")}</h2></header>
        <SetUp source={context.dashboard.source} />
      </section>
    </div>
  );
}

type Answer<T> = ReturnType<typeof useQuery<T>>;

function Deliveries({ answer }: { answer: Answer<Stats> }) {
  const outcomes = Object.entries(answer.data?.deliveries.outcomes ?? {}).sort(([, a], [, b]) => b - a);
  const table: Table = {
    columns: [{ title: t("outcome"), kind: "text" }, { title: t("webhooks"), kind: "count" }],
    rows: outcomes.map(([outcome, count]) => [outcomeName(outcome), count]),
    opens: (r) => answer.data && { open: "deliveries", within: part(outcomes[r]![0], answer.data.deliveries.since, answer.data.as_of) },
  };
  return <Panel title={t("deliveries")} answer={answer} height={120} table={table} empty={answer.data && outcomes.length === 0 ? t(answer.data.deliveries.outcomes ? "noDeliveries" : "unread") : null} />;
}

function Sources({ answer }: { answer: Answer<State> }) {
  const synced = answer.data?.sources?.some(({ sync }) => sync);
  const table: Table = {
    columns: [
      { title: t("source"), kind: "text" }, { title: t("lastWebhook"), kind: "time" }, { title: t("ago"), kind: "seconds" },
      { title: t("outcome"), kind: "text" }, { title: t("quarantined"), kind: "count" }, { title: t("validSecrets"), kind: "count" },
      { title: t("zone"), kind: "text" }, { title: t("sync"), kind: "text" },
      ...(synced ? [{ title: t("sync.at"), kind: "time" as const }, { title: t("sync.applied"), kind: "count" as const }] : []),
    ],
    rows: (answer.data?.sources ?? []).map((source) => [
      source.source, source.last_webhook_at, source.last_webhook_age_s, source.last_outcome && outcomeName(source.last_outcome),
      source.quarantined, source.valid_secrets, source.time_zone, t(`sync.${source.sync?.state ?? "off"}`),
      ...(synced ? [source.sync?.finished_at ?? null, source.sync?.applied ?? null] : []),
    ]),
    opens: (r, c) => {
      const { source, last_webhook_at: last, quarantined, valid_secrets: secrets, sync } = answer.data!.sources![r]!;
      if (c === 2) return last ? { open: "latest", within: part(source, last) } : null;
      if (c === 4) return quarantined > 0 ? { open: "quarantined", within: part(source) } : null;
      if (c === 5) return secrets > 0 ? { open: "secrets", within: part(source) } : null;
      return c === 9 && sync ? { open: "synced", within: part(source) } : null;
    },
  };
  return <Panel wide title={t("sources")} answer={answer} height={120} table={table} empty={answer.data && !answer.data.sources ? t(answer.data.unread ? "unread" : "notYours") : null} />;
}

function Machine({ answer }: { answer: Answer<State> }) {
  const { metrics, refused, version, postgres } = answer.data ?? {};
  const rows: [what: string, is: string | number | null, opens?: Opening][] = [
    [t("version"), version ?? null],
    ["PostgreSQL", postgres?.split(" ")[0] ?? null],
    [t("pendingChanges"), metrics?.pending ?? null, { open: "backlog", within: part("pending") }],
    [t("lag"), metrics?.pending === undefined ? null : metrics.lag_s == null ? t("none") : duration(metrics.lag_s), { open: "backlog", within: part("lag") }],
    [t("foldedAt"), metrics?.folded_at ? time(metrics.folded_at) : null],
    [t("folderErrors"), metrics?.worker?.errors ?? null, { open: "folder", within: part("errors") }],
    ...Object.entries(refused ?? {}).map(([why, count]): [string, number, Opening] => [
      maybe(`refused.${why}`, why), count, { open: "refused", within: part(why) },
    ]),
  ];
  const table: Table = {
    columns: [{ title: t("what"), kind: "text" }, { title: t("isNow"), kind: "count" }],
    rows: rows.map(([what, is]) => [what, is]),
    opens: (r) => rows[r]![2] ?? null,
  };
  return <Panel title={t("machine")} answer={answer} height={200} table={table} empty={answer.data && !metrics ? t("notYours") : null} />;
}
