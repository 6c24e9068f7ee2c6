// What is booked and with whom, side by side.

import type { Ranked as Row } from "../api/types";
import { Ranked } from "../parts/ranked";
import type { Column, Table } from "../parts/table";
import { useQuery } from "../state/queries";
import { go, inputOf, part } from "../state/view";
import { t } from "../text";
import { noteOf, type Context } from "./context";
import { Tiles } from "./tiles";

const FIGURES = ["booked_value", "average_ticket", "revenue_per_booked_hour", "booked_minutes", "mean_duration", "completed"];

interface Utilisation {
  host_name: string | null;
  value: number | null;
  booked_minutes: number | null;
  open_minutes: number | null;
}

function tableOf({ currency }: Context, title: string, rows: Row[], utilisation: Map<string | null, number | null> | null): Table {
  const money = (value: Record<string, number | null> | undefined) => (currency === null ? null : (value?.[currency] ?? null));
  const columns: Column[] = [
    { title, kind: "text" },
    { title: t("bookings"), kind: "count" },
    { title: t("completedOnes"), kind: "count" },
    { title: t("value"), kind: "money", currency },
    { title: t("ticket"), kind: "money", currency },
    { title: t("perHour"), kind: "money", currency },
    { title: t("time"), kind: "hours" },
    { title: t("cancelledShare"), kind: "rate" },
    { title: t("noShowShare"), kind: "rate" },
    { title: t("newOnes"), kind: "count" },
    ...(utilisation ? [{ title: t("utilisation"), kind: "rate" as const }] : []),
  ];
  return {
    columns,
    rows: rows.map((row) => [
      row.name, row.created ?? 0, row.completed ?? 0, currency === null ? null : (money(row.booked_value) ?? 0), money(row.average_ticket),
      money(row.revenue_per_booked_hour), row.booked_minutes ?? 0, row.cancellation_rate ?? null, row.no_show_rate ?? null,
      row.new_customers ?? 0, ...(utilisation ? [utilisation.get(row.name) ?? null] : []),
    ]),
  };
}

/** What each of the table's columns counts. */
const METRICS = [null, "created", "completed", "booked_value", "average_ticket", "revenue_per_booked_hour", "booked_minutes", "cancellation_rate",
  "no_show_rate", "new_customers", "utilisation"];

export function Services({ context }: { context: Context }) {
  const { dashboard, view } = context;
  const hours = useQuery<Utilisation[]>("getUtilisation", context.caller.service ? null : { ...inputOf(view), split: "host" }).data;
  const known = hours?.some(({ value }) => value !== null) ? new Map(hours.map(({ host_name, value }) => [host_name, value])) : null;
  const note = noteOf(context);
  const aside = context.others.length > 0 ? <span class="quiet">{t("oneCurrency", { currency: context.currency ?? "" })}</span> : null;
  return (
    <>
      <Tiles context={context} figures={FIGURES} />
      <div class="panels">
        <Ranked wide title={t("services")} note={note} aside={aside} table={tableOf(context, t("service"), dashboard.services, null)} barOf={1} onPick={(service) => go({ service })} metrics={METRICS}
          onOpen={(open, name) => go({ open, within: `service:${name}` })} />
        <Ranked wide title={t("hosts")} note={note} table={tableOf(context, t("host"), dashboard.hosts, known)} barOf={1} onPick={(host) => go({ host })} metrics={METRICS}
          onOpen={(open, name) => go({ open, within: open === "utilisation" ? part(name) : `host:${name}` })}
          aside={hours && !known && <span class="quiet">{t("unknown.utilisation")}</span>} />
      </div>
    </>
  );
}
