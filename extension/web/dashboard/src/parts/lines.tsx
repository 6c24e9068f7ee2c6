// Why: what is behind a number is a list, however long: of bookings, or of sessions with the booking that each led to. Guarantees:
// a page of it at a time, and how many there are in all.

import { useState } from "preact/hooks";
import { useQuery } from "../state/queries";
import type { Input } from "../api/client";
import { maybe, t, type Key } from "../text";
import { shown, time } from "../text/format";
import { stepName } from "../text/names";
import { Panel } from "./panel";
import type { Table } from "./table";

export interface Page<T> {
  total: number;
  rows: T[];
  next: number | null;
}

const LIMIT = 500;

/** A list of what a procedure tells, page by page. */
export function Paged<T>({ name, input, note, tableOf, title, empty, wide, said }: {
  name: string; input: Input; note: string; tableOf: (rows: T[]) => Table; title: Key; empty: Key;
  wide?: boolean;
  /** What came of what was done about a row. */
  said?: string | null;
}) {
  const [offset, setOffset] = useState(0);
  const answer = useQuery<Page<T>>(name, { ...input, limit: LIMIT, offset });
  const page = answer.data;
  return (
    <Panel title={page ? t(title, { count: shown(page.total, "count") }) : t("loading")} note={note} table={page && tableOf(page.rows)} answer={answer}
      height={80} empty={page?.total === 0 ? t(empty) : null} {...(wide && { wide })} aside={said !== undefined && <span role="status" class="quiet">{said}</span>}
      below={page && (offset > 0 || page.next !== null) && (
        <p class="pages">
          <button type="button" disabled={offset === 0} onClick={() => setOffset(Math.max(0, offset - LIMIT))}>{t("previousPage")}</button>
          {shown(offset + 1, "count")} – {shown(offset + page.rows.length, "count")}
          <button type="button" disabled={page.next === null} onClick={() => setOffset(page.next!)}>{t("nextPage")}</button>
        </p>
      )} />
  );
}

export const statusOf = (status: string | null): string => (status === null ? "" : maybe(`status.${status}`, status));

interface BookingLine {
  root_uid: string;
  status: string;
  starts_at: string;
  service_name: string | null;
  host_name: string | null;
  currency: string | null;
  value: number | null;
}

export function BookingLines({ name, input, note }: { name: string; input: Input; note: string }) {
  const tableOf = (rows: BookingLine[]): Table => ({
    columns: [
      { title: t("start"), kind: "time" }, { title: t("service"), kind: "text" }, { title: t("host"), kind: "text" },
      { title: t("status"), kind: "text" }, { title: t("value"), kind: "text" }, { title: "uid", kind: "text" },
    ],
    rows: rows.map((line) => [
      line.starts_at, line.service_name ?? "", line.host_name ?? "", statusOf(line.status),
      line.value === null ? "" : shown(line.value, "money", line.currency), line.root_uid,
    ]),
  });
  return <Paged name={name} input={input} note={note} tableOf={tableOf} title="bookingsBehind" empty="noBookings" />;
}

interface SessionLine {
  session_id: string;
  began_at: string;
  service_name: string | null;
  steps: number | null;
  booked: boolean;
  root_uid: string | null;
  status: string | null;
  starts_at: string | null;
  booked_service: string | null;
  booked_host: string | null;
}

const STEPS = ["SERVICE_VIEW", "SERVICE_SELECT", "BOOKING_START", "BOOKING_SUBMIT", "BOOKED"];

export function SessionLines({ name, input, note }: { name: string; input: Input; note: string }) {
  const tableOf = (rows: SessionLine[]): Table => {
    const bySteps = rows.some(({ steps }) => steps !== null);
    return {
      columns: [
        { title: t("began"), kind: "time" },
        ...(bySteps ? [{ title: t("service"), kind: "text" as const }, { title: t("gotTo"), kind: "text" as const }] : [{ title: t("bookedOnes"), kind: "text" as const }]),
        { title: t("appointment"), kind: "text" }, { title: t("what"), kind: "text" }, { title: t("status"), kind: "text" },
        { title: t("session"), kind: "text" }, { title: "uid", kind: "text" },
      ],
      rows: rows.map((line) => [
        line.began_at,
        ...(bySteps ? [line.service_name ?? "", stepName(STEPS[(line.steps ?? 1) - 1]!)] : [t(line.booked ? "yes" : "no")]),
        line.starts_at ? time(line.starts_at) : "", [line.booked_service, line.booked_host].filter(Boolean).join(" · "), statusOf(line.status),
        line.session_id, line.root_uid ?? "",
      ]),
    };
  };
  return <Paged name={name} input={input} note={note} tableOf={tableOf} title="sessionsBehind" empty="noSessions" />;
}
