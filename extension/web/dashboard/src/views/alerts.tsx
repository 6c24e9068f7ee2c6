import { Panel } from "../parts/panel";
import type { Opening } from "../parts/table";
import { useQuery } from "../state/queries";
import { go, part } from "../state/view";
import { knows, maybe, t } from "../text";
import { time } from "../text/format";
import { alertDetail } from "../text/names";

/** cal.health(), as far as the page shows it; who isn't an admin of all sources is only told that it answers. */
export interface Health {
  status: string;
  version?: string;
  postgres?: string;
  off?: { code: string; feature: string; why: string; how: string }[];
  /** What a lock kept the database from reading: then there are no sources, or only the worker of metrics. */
  unread?: string[];
  alerts?: {
    alert: string;
    source: string | null;
    severity: "warning" | "critical";
    title: string;
    detail: string | null;
    facts: Record<string, number> | null;
    raised_at: string;
    advice: string;
  }[];
  metrics?: {
    pending?: number;
    folded_at?: string | null;
    lag_s?: number | null;
    worker: { runs: number; errors: number; last_error: string | null; last_error_at: string | null } | null;
  };
  refused?: Record<string, number> | null;
  sources?: null | {
    source: string;
    time_zone: string;
    quarantined: number;
    last_outcome: string | null;
    valid_secrets: number;
    last_webhook_at: string | null;
    last_webhook_age_s: number | null;
    /** What Cal.com's API is asked for; null where it isn't. */
    sync: { state: "idle" | "running" | "failing"; trouble: string | null; problem: string | null; finished_at: string | null; applied: number } | null;
  }[];
}

interface Concern {
  level: "critical" | "warning" | "off";
  what: string;
  detail?: string | null;
  since?: string;
  /** What is behind it. */
  opens?: Opening;
  how: string;
  /** Whether what and how are in the reader's language; else they are as the database tells them, in English. */
  spoken: boolean;
}

/** What somebody should look at: alerts that are raised, what is off, and sources that nothing can be received for. */
function concerns(health: Health): Concern[] {
  return [
    ...(health.alerts ?? []).map(({ alert, source, severity, title, detail, facts, raised_at: since, advice }) => ({
      level: severity, what: [source, maybe(`alert.${alert}.title`, title)].filter(Boolean).join(": "),
      detail: alertDetail({ alert, detail, facts }), since, opens: { open: "alert", within: source ? part(alert, source) : part(alert) },
      how: maybe(`alert.${alert}.advice`, advice), spoken: knows(`alert.${alert}.title`),
    })),
    ...(health.sources ?? []).filter(({ valid_secrets: secrets }) => secrets === 0).map(({ source }) => ({
      level: "critical" as const, what: t("alert.secret", { source }), how: `select cal.rotate_secret('${source}');`, spoken: true,
    })),
    ...(health.sources ?? []).flatMap(({ source, sync }) => sync?.trouble ? [{
      level: "warning" as const, what: t("sync.trouble", { source }), detail: maybe(`sync.${sync.trouble}`, sync.problem ?? ""),
      how: t(sync.trouble === "key" ? "sync.newKey" : "sync.again"), spoken: true,
    }] : []),
    ...(health.off ?? []).map(({ code, feature, why, how }) => ({
      level: "off" as const, what: maybe(`off.${code}.what`, `${feature}: ${why}`), how: maybe(`off.${code}.how`, how), spoken: knows(`off.${code}.what`),
    })),
  ];
}

/** What is wrong now and what to do. */
export function AlertsPanel() {
  const answer = useQuery<Health>("getHealthStatus", {});
  const list = answer.data ? concerns(answer.data) : [];
  return (
    <Panel wide drawn="list" title={t("alerts")} answer={answer} height={60} empty={answer.data && list.length === 0 ? t(answer.error ? "alertsUnknown" : "noAlerts") : null}
      aside={answer.data?.metrics && <button type="button" class="link" onClick={() => go({ open: "alert", within: part("all") })}>{t("alertHistory")}</button>}>
      <ul class="concerns">
        {list.map(({ level, what, detail, since, opens, how, spoken }) => (
          <li key={what} class={level}>
            <span class="level">{maybe(`level.${level}`, level)}</span>
            <span lang={spoken ? undefined : "en"}>
              {opens ? <button type="button" class="cell" onClick={() => go(opens)}>{what}</button> : what}
              {detail && ` (${detail})`}
              {since && <span class="quiet"> · {t("since", { time: time(since) })}</span>}
              <br />
              <span class="quiet">{how}</span>
            </span>
          </li>
        ))}
      </ul>
    </Panel>
  );
}
