// How the installation is: what comes in and what becomes of it, what wasn't understood, and how to connect what isn't yet.

import { Panel } from "../parts/panel";
import { SetUp } from "../parts/states";
import type { Table } from "../parts/table";
import { useQuery } from "../state/queries";
import { maybe, t } from "../text";
import { duration, time } from "../text/format";
import { AlertsPanel, type Health as State } from "./alerts";
import type { Context } from "./context";
import { HistoryPanel } from "./health_history";
import { QuarantinePanel } from "./quarantine";

interface Stats {
  deliveries: { since: string; outcomes: Record<string, number> };
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
      <QuarantinePanel context={context} />
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
    rows: outcomes.map(([outcome, count]) => [maybe(`outcome.${outcome}`, outcome), count]),
  };
  return <Panel title={t("deliveries")} answer={answer} height={120} table={table} empty={answer.data && outcomes.length === 0 ? t("noDeliveries") : null} />;
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
      source.source, source.last_webhook_at, source.last_webhook_age_s, source.last_outcome && maybe(`outcome.${source.last_outcome}`, source.last_outcome),
      source.quarantined, source.valid_secrets, source.time_zone, t(`sync.${source.sync?.state ?? "off"}`),
      ...(synced ? [source.sync?.finished_at ?? null, source.sync?.applied ?? null] : []),
    ]),
  };
  return <Panel wide title={t("sources")} answer={answer} height={120} table={table} empty={answer.data && !answer.data.sources ? t("notYours") : null} />;
}

function Machine({ answer }: { answer: Answer<State> }) {
  const { metrics, refused, version, postgres } = answer.data ?? {};
  const rows: [string, string | number | null][] = [
    [t("version"), version ?? null],
    ["PostgreSQL", postgres?.split(" ")[0] ?? null],
    [t("pendingChanges"), metrics?.pending ?? null],
    [t("lag"), metrics?.lag_s == null ? t("none") : duration(metrics.lag_s)],
    [t("foldedAt"), metrics?.folded_at ? time(metrics.folded_at) : null],
    [t("folderErrors"), metrics?.worker?.errors ?? null],
    ...Object.entries(refused ?? {}).map(([why, count]): [string, number] => [maybe(`refused.${why}`, why), count]),
  ];
  const table: Table = { columns: [{ title: t("what"), kind: "text" }, { title: t("isNow"), kind: "count" }], rows };
  return <Panel title={t("machine")} answer={answer} height={200} table={table} empty={answer.data && !metrics ? t("notYours") : null} />;
}
