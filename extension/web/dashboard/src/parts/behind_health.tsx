// Why: also how the installation is is told in numbers, and these can be opened like any other. Guarantees: shows the webhooks,
// samples, alerts and changes that a number counts, and says so where only a counter knows; the server tells none but admins.

import type { Health } from "../views/alerts";
import { useQuery } from "../state/queries";
import { maybe, t, type Key } from "../text";
import { shown, span, time } from "../text/format";
import { alertName, outcomeName } from "../text/names";
import type { Kind } from "./behind";
import { AlertLines, PendingLines, QuarantineLines, SecretLines, WebhookLines } from "./health_lines";
import { Panel } from "./panel";

type Shown = Parameters<Kind["Behind"]>[0];

/** Outcomes of which the archive keeps a row. */
const KEPT = ["applied", "unchanged", "ping", "stored", "quarantined"];
const QUARTER = 15 * 60_000;

interface Sample {
  sampled_at: string;
  /** null: a lock kept it from being read. */
  pending: number | null;
  lag_s: number | null;
  received: Record<string, Record<string, number>> | null;
}

/** How many of an outcome a sample counted, over all sources. */
const countedIn = ({ received }: Sample, outcome: string): number => Object.values(received ?? {}).reduce((sum, each) => sum + (each[outcome] ?? 0), 0);

/** What each sample counted, and the webhooks since the sample before the first of them. */
function Received({ within: [outcome = "", from = "", to = ""], name }: Shown) {
  const before = new Date(Date.parse(from) - QUARTER).toISOString();
  const answer = useQuery<Sample[]>("getHealthHistory", { from: before, to, every: "1 microsecond" });
  const samples = answer.data ?? [];
  const last = samples.filter(({ sampled_at: at }) => Date.parse(at) < Date.parse(from)).at(-1);
  const counting = samples.filter((sample) => Date.parse(sample.sampled_at) >= Date.parse(from) && countedIn(sample, outcome) > 0);
  return (
    <>
      <Panel title={t("samplesBehind", { count: shown(counting.length, "count") })} note={name} answer={answer} height={80} table={{
        columns: [{ title: t("sampledAt"), kind: "time" }, { title: t("webhooks"), kind: "count" }],
        rows: counting.map((sample) => [sample.sampled_at, countedIn(sample, outcome)]),
      }} />
      {!KEPT.includes(outcome) ? <p class="empty">{t("onlyCounted")}</p>
        : answer.data && <WebhookLines input={{ from: last?.sampled_at ?? from, to: counting.at(-1)?.sampled_at ?? to, outcome }} note={name} />}
    </>
  );
}

/** How a backlog was over the last day, in quarters of an hour with one. */
function Backlogs({ name }: { name: string }) {
  const answer = useQuery<Sample[]>("getHealthHistory", {});
  const samples = (answer.data ?? []).filter(({ pending }) => pending !== 0).reverse();
  return (
    <Panel title={t("backlogs")} note={name} answer={answer} height={80} empty={answer.data && samples.length === 0 ? t("noBacklogs") : null} table={{
      columns: [{ title: t("unit.hour"), kind: "time" }, { title: t("pendingChanges"), kind: "count" }, { title: t("lag"), kind: "seconds" }],
      rows: samples.map(({ sampled_at: at, pending, lag_s: lag }) => [at, pending, lag]),
    }} />
  );
}

function Folder() {
  const worker = useQuery<Health>("getHealthStatus", {}).data?.metrics?.worker;
  if (!worker) return <p class="empty">{t("noFolder")}</p>;
  const facts: [string, string, boolean?][] = [
    [t("runs"), shown(worker.runs, "count")],
    [t("folderErrors"), shown(worker.errors, "count")],
    [t("lastError"), worker.last_error ?? t("none"), worker.last_error !== null],
    [t("when"), worker.last_error_at ? time(worker.last_error_at) : t("never")],
  ];
  return <dl class="facts">{facts.map(([what, is, english]) => <div key={what}><dt>{what}</dt><dd lang={english ? "en" : undefined}>{is}</dd></div>)}</dl>;
}

/** The latest webhooks of a source: those of the day up to its last one. */
function Latest({ within: [source = "", last = ""], name }: Shown) {
  const from = new Date(Date.parse(last) - 24 * 60 * 60_000).toISOString();
  return <WebhookLines input={{ source, from }} note={name} />;
}

const named = ([first]: string[]) => first ?? null;

export const HEALTH: Record<string, Kind & { title: Key }> = {
  deliveries: {
    title: "deliveries", means: "deliveriesMean", name: ([outcome]) => (outcome ? outcomeName(outcome) : null),
    Behind: ({ within: [outcome, from, to], name }) => <WebhookLines input={{ outcome, from, to }} note={name} />,
  },
  received: {
    title: "receivedOverTime", means: "receivedMeans",
    name: ([outcome, from, to]) => (outcome && from && to ? `${outcomeName(outcome)}, ${span(from, to)}` : null), Behind: Received,
  },
  latest: { title: "lastWebhook", means: "latestMeans", name: ([source, last]) => (source && !Number.isNaN(Date.parse(last ?? "")) ? source : null), Behind: Latest },
  quarantined: {
    title: "quarantine", means: "quarantineMeans", name: named,
    Behind: ({ within: [source] }) => <QuarantineLines source={source} />,
  },
  secrets: {
    title: "validSecrets", means: "secretsMean", name: named,
    Behind: ({ within: [source], name }) => <SecretLines input={{ source }} note={name} />,
  },
  synced: {
    title: "sync.applied", means: "syncedMeans", name: named,
    Behind: ({ within: [source], name }) => (
      <WebhookLines input={{ source, trigger: "BOOKING_SYNCED", outcome: "applied", from: "2000-01-01" }} note={name} />
    ),
  },
  alert: {
    title: "alerts", means: "alertsMean", name: ([alert]) => (alert ? alertName(alert) : null),
    Behind: ({ within: [alert, source], name }) => (
      <AlertLines input={{ ...(alert !== "all" && { alert }), ...(source && { source }) }} note={name} />
    ),
  },
  backlog: {
    title: "machine", means: "backlogMeans", name: ([which]) => (which === "pending" ? t("pendingChanges") : which === "lag" ? t("lag") : null),
    Behind: ({ name }) => <><PendingLines note={name} /><Backlogs name={name} /></>,
  },
  folder: { title: "machine", means: "folderMeans", name: () => t("folderErrors"), Behind: Folder },
  refused: {
    title: "machine", means: "refusedMeans", name: ([why]) => (why ? maybe(`refused.${why}`, why) : null),
    Behind: () => <p class="empty">{t("onlyCounted")}</p>,
  },
};

