// Why: both peers of the benchmark verify webhooks and read bookings out of them in the same way.

import { createHmac, timingSafeEqual } from "node:crypto";

const STATUS = {
  BOOKING_CANCELLED: "cancelled",
  BOOKING_REJECTED: "rejected",
  BOOKING_REQUESTED: "pending",
};

/** Whether it is the lower-case hexadecimal HMAC-SHA256 of the body.
 * @param {Buffer} body @param {string | undefined} signature @param {string} secret */
export function isSigned(body, signature, secret) {
  const right = Buffer.from(createHmac("sha256", secret).update(body).digest("hex"));
  const given = Buffer.from(signature ?? "");
  return given.length === right.length && timingSafeEqual(given, right);
}

/** What a webhook says about a booking; undefined if it speaks of none.
 * @param {{triggerEvent: string, payload?: Record<string, any>}} webhook */
export function bookingOf({ triggerEvent, payload }) {
  if (!payload?.uid || !payload.startTime || !payload.endTime) return undefined;
  return {
    uid: String(payload.uid),
    status: STATUS[triggerEvent] ?? String(payload.status ?? "ACCEPTED").toLowerCase(),
    startsAt: new Date(payload.startTime),
    endsAt: new Date(payload.endTime),
    service: payload.type ?? null,
    host: payload.organizer?.username ?? null,
    customer: payload.attendees?.[0]?.email ?? null,
    price: payload.price ?? null,
    currency: payload.currency ?? null,
    rescheduledFrom: payload.rescheduleUid ?? null,
  };
}
