// What a metric is made of: its bookings, or of what is tracked its sessions.

import type { Metric } from "../api/types";
import type { Input } from "../api/client";
import { inputOf, partOf, type View } from "../state/view";
import { t } from "../text";
import { shown } from "../text/format";
import { Paged, SessionLines, statusOf } from "./lines";
import type { Column, Table } from "./table";
import { whyUnknown } from "./tile";

interface Line {
  root_uid: string;
  numerator: number;
  denominator: number | null;
  currency: string | null;
  status: string;
  starts_at: string;
  service_name: string | null;
  host_name: string | null;
}

/** The sessions behind what is tracked: those of a step of the funnel, which is told of one service as well, or all. */
const SESSIONS: Record<string, [name: string, input: Input]> = {
  ...Object.fromEntries(
    Object.entries({
      funnel_viewed: 1, funnel_selected: 2, funnel_began: 3, funnel_submitted: 4, funnel_booked: 5, selection_rate: 1, start_rate: 2,
      submission_rate: 3, verification_rate: 4, conversion_rate: 1, mean_time_to_convert: 5, time_to_convert_p50: 5, funnel_pending: 1,
    }).map(([metric, step]) => [metric, ["explainFunnel", { step }]]),
  ),
  visitors: ["explainTraffic", {}],
  sessions: ["explainTraffic", {}],
  session_conversion: ["explainTraffic", {}],
  claimed: ["explainTraffic", { outcome: "claimed" }],
  claim_gap: ["explainTraffic", { outcome: "claimed" }],
  verified: ["explainTraffic", { outcome: "booked" }],
};

/** People can't be added: these are known of whole calendar periods of all services and artists alone. */
const PEOPLE = new Set(["customers", "retention"]);

/** What is behind a metric. minutes: what is told of each booking instead of what it counts. */
export function MetricLines({ metric, view, note, minutes }: {
  metric: Metric & { explained?: boolean }; view: View; note: string; minutes?: string;
}) {
  if (PEOPLE.has(metric.metric) && (view.service || view.host || view.span || view.period === "custom")) return <p class="empty">{whyUnknown(metric.metric, [metric])}</p>;
  if (metric.explained) return <MetricBookings metric={metric} view={view} note={note} {...(minutes && { minutes })} />;
  const [name, input] = SESSIONS[metric.metric] ?? [];
  if (!name) return <p class="empty">{t("notOfBookings")}</p>;
  if (view.host || (view.service && name === "explainTraffic")) return <p class="empty">{t("notSoNarrow")}</p>;
  return <SessionLines name={name} input={{ ...inputOf(view), ...input }} note={note} />;
}

function MetricBookings({ metric, view, note, minutes }: { metric: Metric; view: View; note: string; minutes?: string }) {
  const money = metric.unit === "money";
  const ratio = metric.denominator && !minutes;
  const counts: Column = minutes ? { title: minutes, kind: "minutes" }
    : { title: ratio ? t("above") : t(money ? "value" : "counts"), kind: money ? "text" : "count" };
  const tableOf = (rows: Line[]): Table => ({
    columns: [
      { title: t("start"), kind: "time" },
      { title: t("service"), kind: "text" },
      { title: t("host"), kind: "text" },
      { title: t("status"), kind: "text" },
      counts,
      ...(ratio ? [{ title: t("below"), kind: "count" as const }] : []),
      { title: "uid", kind: "text" },
    ],
    rows: rows.map((line) => [
      line.starts_at, line.service_name ?? "", line.host_name ?? "", statusOf(line.status),
      money ? shown(line.numerator, "money", line.currency) : line.numerator, ...(ratio ? [line.denominator] : []), line.root_uid,
    ]),
  });
  return (
    <Paged name="explainMetric" input={{ ...inputOf(view), ...partOf(view), metric: metric.metric }} note={note} tableOf={tableOf}
      title="bookingsBehind" empty="noBookings" />
  );
}
