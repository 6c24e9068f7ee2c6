// Why: what the bodies of several triggers have in common, in the words that Cal.com uses there.
// Guarantees: a part is a snapshot of a leg and nothing else; nothing is random.

import { ADDRESS } from "../studio.mjs";
import { utcOffset } from "../zone.mjs";

export const BOOKER_URL = "https://app.cal.com";

/**
 * @typedef {object} Leg one booking row at Cal.com, that is one uid
 * @property {string} uid
 * @property {number} bookingId
 * @property {number} createdAt
 * @property {number} startsAt
 * @property {number} endsAt
 * @property {import("../studio.mjs").Service} service
 * @property {import("../studio.mjs").Artist} host
 * @property {import("../customers.mjs").Customer} customer the booker
 * @property {string} wish
 * @property {string} placement
 * @property {Record<string, string> | null} campaign
 * @property {string | null} room video room
 * @property {string} rootUid
 * @property {number} hops
 * @property {Leg | null} previous
 * @property {string} [movingReason]
 * @property {string} [movedBy]
 * @property {number} [paymentId]
 * @property {string} [seriesId]
 */

export const iso = (instant) => new Date(instant).toISOString();
export const seconds = (instant) => iso(instant).replace(".000Z", "Z");
export const offsetZero = (instant) => iso(instant).replace(".000Z", "+00:00");

export function organizer({ host, startsAt }) {
  return {
    id: host.id,
    name: host.name,
    email: host.email,
    username: host.username,
    timeZone: host.timeZone,
    language: { locale: host.locale },
    timeFormat: host.locale === "en" ? "h:mma" : "HH:mm",
    utcOffset: utcOffset(startsAt, host.timeZone),
  };
}

export const language = (customer) => ({ locale: customer.locale });

/** An attendee as the booking form knows one. */
export function newcomer(customer, startsAt) {
  return {
    email: customer.email,
    name: customer.name,
    firstName: customer.firstName,
    lastName: customer.lastName,
    timeZone: customer.timeZone,
    ...(customer.phone && { phoneNumber: customer.phone }),
    language: language(customer),
    utcOffset: utcOffset(startsAt, customer.timeZone),
  };
}

/** An attendee as read back from Cal.com's database. */
export function known(customer, startsAt) {
  return {
    name: customer.name,
    email: customer.email,
    timeZone: customer.timeZone,
    phoneNumber: customer.phone,
    language: language(customer),
    utcOffset: utcOffset(startsAt, customer.timeZone),
  };
}

/** An attendee as a payment knows one. */
export function paying(customer, startsAt) {
  const { name, email, phoneNumber, ...more } = known(customer, startsAt);
  return { email, name, ...more, ...(phoneNumber && { phoneNumber }) };
}

export const location = (leg) => (leg.room ? "integrations:daily" : ADDRESS);
export const title = (leg, customer) =>
  `${leg.service.title} between ${leg.host.name} and ${customer.name}`;
const answer = (label, value, isHidden = false) => ({ label, ...(value && { value }), isHidden });

/** Answers to the studio's own questions, hidden campaign fields included. */
export function customAnswers({ service, placement, campaign }) {
  const out = {};
  if (service.session) out.placement = answer("Where on the body?", placement);
  for (const [key, value] of Object.entries(campaign ?? {})) out[key] = answer(key, value, true);
  return out;
}

export function responses(leg, customer) {
  return {
    name: answer("your_name", customer.name),
    email: answer("email_address", customer.email),
    attendeePhoneNumber: answer("phone_number", customer.phone, !customer.phone),
    location: answer("location", {
      optionValue: leg.room ? "" : ADDRESS,
      value: leg.room ? "integrations:daily" : "inPerson",
    }),
    title: answer("what_is_this_meeting_about", null, true),
    notes: answer("additional_notes", leg.wish),
    guests: answer("additional_guests", null),
    rescheduleReason: answer("reason_for_reschedule", leg.movingReason),
    ...customAnswers(leg),
  };
}

export function video(leg) {
  if (!leg.room) return {};
  return {
    videoCallData: {
      type: "daily_video",
      id: leg.room,
      password: `tok-${leg.room}`,
      url: `https://example.daily.co/${leg.room}`,
    },
  };
}

export function metadata(leg) {
  return {
    ...(leg.room && { videoCallUrl: `${BOOKER_URL}/video/${leg.uid}` }),
    ...leg.campaign,
    ...(leg.session && { calyticsSession: leg.session }),
  };
}

export function recurrence({ service }) {
  return service.occurrences
    ? { recurringEvent: { freq: 2, count: service.occurrences, interval: 1 } }
    : {};
}

export const envelope = (triggerEvent, at, payload) => ({
  triggerEvent,
  createdAt: iso(at),
  payload,
});
