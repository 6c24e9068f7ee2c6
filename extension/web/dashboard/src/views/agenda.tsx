import { Panel } from "../parts/panel";
import { Scroll } from "../parts/scroll";
import type { Table } from "../parts/table";
import { useQuery } from "../state/queries";
import { scopeOf } from "../state/view";
import { maybe, t } from "../text";
import { clock, currentZone, day, localDay, shown } from "../text/format";
import type { Context } from "./context";

export interface Booking {
  root_uid: string;
  status: string;
  starts_at: string;
  ends_at: string;
  service: string | null;
  host: string | null;
  customer_name?: string | null;
  price: number | null;
  currency: string | null;
  no_show: boolean | null;
}

const MOST = 10;

/** What is booked today and next: of now, whatever the period above. */
export function AgendaPanel({ context }: { context: Context }) {
  const { view, caller, dashboard } = context;
  const admin = caller.role === "admin";
  const input = {
    from: localDay(dashboard.as_of), limit: MOST, statuses: ["accepted", "pending", "awaiting_rebook"],
    ...scopeOf(view),
  };
  const answer = useQuery<{ total: number; rows: Booking[] }>("getBookings", admin ? input : null);
  if (!admin) return null;
  const rows = answer.data?.rows ?? [];
  const table: Table = {
    columns: [
      { title: t("start"), kind: "time" }, { title: t("end"), kind: "time" }, { title: t("service"), kind: "text" },
      { title: t("host"), kind: "text" }, { title: t("customer"), kind: "text" }, { title: t("status"), kind: "text" },
    ],
    rows: rows.map((row) => [row.starts_at, row.ends_at, row.service ?? "", row.host ?? "", row.customer_name ?? "", maybe(`status.${row.status}`, row.status)]),
  };
  const days = new Map<string, Booking[]>();
  for (const row of rows) days.set(localDay(row.starts_at), [...(days.get(localDay(row.starts_at)) ?? []), row]);
  const today = localDay(dashboard.as_of);
  return (
    <Panel drawn="list" title={t("agenda")} note={currentZone()} table={table} answer={answer} empty={answer.data && rows.length === 0 ? t("noAgenda") : null}>
      <Scroll label={t("agenda")} class="agenda">
        {[...days].map(([date, bookings]) => (
          <section key={date}>
            <h3>{date === today ? t("today") : day(bookings[0]!.starts_at)}</h3>
            <ul>
              {bookings.map((booking) => (
                <li key={booking.root_uid} class={booking.status}>
                  <time dateTime={booking.starts_at}>{clock(booking.starts_at)}</time>
                  <span class="what">
                    {booking.customer_name || booking.service || t("unknown")}
                    <small>{[booking.customer_name ? booking.service : null, booking.host].filter(Boolean).join(" · ")}</small>
                  </span>
                  {booking.status !== "accepted" && <em>{maybe(`status.${booking.status}`, booking.status)}</em>}
                  {booking.price ? <span class="price">{shown(booking.price, "money", booking.currency)}</span> : null}
                </li>
              ))}
            </ul>
          </section>
        ))}
      </Scroll>
    </Panel>
  );
}
