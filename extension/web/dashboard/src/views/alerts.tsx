import { Panel } from "../parts/panel";
import { useQuery } from "../state/queries";
import { t } from "../text";
import { duration, shown } from "../text/format";

/** cal.health(), as far as the page shows it. */
export interface Health {
  status: string;
  as_of?: string;
  version?: string;
  postgres?: string;
  preloaded?: boolean;
  off?: { feature: string; why: string; how: string }[];
  metrics?: {
    pending: number;
    unmerged: number;
    folded_at: string | null;
    lag_s: number | null;
    worker: { runs: number; errors: number; last_error: string | null; last_error_at: string | null } | null;
  };
  refused?: Record<string, number> | null;
  sources?: {
    source: string;
    time_zone: string;
    quarantined: number;
    last_outcome: string | null;
    valid_secrets: number;
    last_webhook_at: string | null;
    last_webhook_age_s: number | null;
  }[];
}

export interface Concern {
  level: "bad" | "warn";
  what: string;
  how?: string;
}

const SILENT = 3 * 86_400;
const BEHIND = 60;

/** What somebody should look at, out of what the installation says of itself. */
export function concerns(health: Health): Concern[] {
  const found: Concern[] = [];
  for (const { feature, why, how } of health.off ?? []) found.push({ level: "warn", what: `${feature}: ${why}`, how });
  const { metrics } = health;
  if (metrics?.worker && metrics.worker.errors > 0 && metrics.worker.last_error) {
    found.push({ level: "bad", what: t("alert.worker", { error: metrics.worker.last_error }) });
  }
  if (metrics?.lag_s != null && metrics.lag_s > BEHIND) found.push({ level: "warn", what: t("alert.lag", { time: duration(metrics.lag_s) }) });
  for (const { source, quarantined, last_webhook_age_s: age, valid_secrets: secrets } of health.sources ?? []) {
    if (quarantined > 0) found.push({ level: "bad", what: t("alert.quarantine", { source, count: shown(quarantined, "count") }) });
    if (secrets === 0) found.push({ level: "bad", what: t("alert.secret", { source }), how: `select cal.rotate_secret('${source}');` });
    if (age !== null && age > SILENT) found.push({ level: "warn", what: t("alert.silent", { source, time: duration(age) }) });
  }
  return found;
}

export function ConcernList({ list }: { list: Concern[] }) {
  return (
    <ul class="concerns">
      {list.map(({ level, what, how }) => (
        <li key={what} class={level}>
          <span class="level">{t(`level.${level}`)}</span>
          <span>{what}{how && <><br /><code>{how}</code></>}</span>
        </li>
      ))}
    </ul>
  );
}

export function AlertsPanel() {
  const answer = useQuery<Health>("getHealthStatus", {});
  const list = answer.data ? concerns(answer.data) : [];
  return (
    <Panel wide title={t("alerts")} answer={answer} height={60} empty={answer.data && list.length === 0 ? t("noAlerts") : null}>
      <ConcernList list={list} />
    </Panel>
  );
}
