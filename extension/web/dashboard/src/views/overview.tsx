// The studio at a glance: the figures that matter, what was booked when, what comes next and whether anything needs a hand.

import { SeriesChart } from "../charts/series";
import { Panel } from "../parts/panel";
import { t } from "../text";
import { AgendaPanel } from "./agenda";
import { AlertsPanel } from "./alerts";
import { noteOf, seriesOfMetrics, usePrevious, type Context } from "./context";
import { FunnelPanel } from "./funnel_panel";
import { Tiles } from "./tiles";

const FIGURES = ["created", "completed", "booked_value", "collected", "new_customers", "cancellation_rate", "no_show_rate", "conversion_rate"];

export function Overview({ context }: { context: Context }) {
  const { currency, caller } = context;
  const previous = usePrevious(context);
  const bookings = seriesOfMetrics(context, [{ metric: "created", type: "bar", color: "1" }], "count", previous);
  const value = seriesOfMetrics(
    context,
    [{ metric: "booked_value", type: "bar", color: "2" }, { metric: "collected", type: "line", color: "4" }],
    "money", previous,
  );
  const note = noteOf(context);
  return (
    <>
      <Tiles context={context} figures={FIGURES} />
      <div class="panels many">
        <Panel title={t("bookingsOverTime")} note={note} table={bookings.table} legend={bookings.legend}>
          <SeriesChart label={t("bookingsOverTime")} {...bookings.chart} />
        </Panel>
        <Panel title={t("valueOverTime")} note={note} table={value.table} legend={value.legend} empty={currency === null ? t("unknown.money") : null}>
          <SeriesChart label={t("valueOverTime")} {...value.chart} />
        </Panel>
        <AgendaPanel context={context} />
        <FunnelPanel context={context} wide={caller.role !== "admin"} />
        {caller.role === "admin" && <AlertsPanel />}
      </div>
    </>
  );
}
