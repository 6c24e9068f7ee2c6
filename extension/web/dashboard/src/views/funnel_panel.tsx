import { StepsChart } from "../charts/steps";
import { Panel } from "../parts/panel";
import type { Opening, Table } from "../parts/table";
import { go } from "../state/view";
import { t } from "../text";
import { shown } from "../text/format";
import { stepName } from "../text/names";
import { noteOf, type Context } from "./context";

/** What counts each step, what of the one before reaches it, and the whole. */
const COUNTS = ["funnel_viewed", "funnel_selected", "funnel_began", "funnel_submitted", "funnel_booked"];
const RATES = [null, "selection_rate", "start_rate", "submission_rate", "verification_rate"];

function opening(step: number, column: number): Opening | null {
  const metric = column === 2 ? RATES[step] : column === 3 && step === COUNTS.length - 1 ? "conversion_rate" : COUNTS[step];
  return metric ? { open: metric, within: null } : null;
}

/** From the first look at a service to the booking that a webhook tells of. */
export function FunnelPanel({ context, wide }: { context: Context; wide?: boolean }) {
  const { steps, pending, median_s: median } = context.dashboard.funnel;
  const table: Table = {
    opens: opening,
    columns: [
      { title: t("step"), kind: "text" }, { title: t("sessions"), kind: "count" }, { title: t("ofBefore"), kind: "rate" },
      { title: t("ofFirst"), kind: "rate" }, { title: t("previously"), kind: "count" },
    ],
    rows: steps.map((step) => [stepName(step.name), step.sessions, step.conversion, step.overall_conversion, step.previous]),
  };
  const nothing = !steps.some(({ sessions }) => sessions > 0);
  return (
    <Panel title={t("funnel")} note={noteOf(context)} table={table} wide={wide ?? false} empty={nothing ? t("noVisits") : null}
      aside={<span class="quiet">{median !== null && t("medianTime", { time: shown(median, "seconds") })}{pending > 0 && ` · ${t("stillOpen", { count: shown(pending, "count") })}`}</span>}>
      <StepsChart label={t("funnel")} onOpen={(step) => go(opening(step, 1) ?? {})}
        steps={steps.map(({ name, sessions, conversion, overall_conversion: overall }) => ({ name: stepName(name), value: sessions, conversion, overall }))}
        count={(value) => shown(value, "count")} share={(value) => shown(value, "rate")}
        lost={(value, share) => t("lost", { count: shown(value, "count"), share })} />
    </Panel>
  );
}
