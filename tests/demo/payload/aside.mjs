// Why: bodies that Cal.com sends and that are about no booking.

import { utcOffset } from "../zone.mjs";
import { iso, envelope } from "./parts.mjs";

/** The "ping test" button. */
export function ping(at) {
  const time = iso(at);
  const person = { timeZone: "Europe/London", language: { locale: "en" } };
  const offset = { utcOffset: utcOffset(at, "Europe/London") };
  return envelope("PING", at, {
    type: "Test",
    title: "Test trigger event",
    description: "",
    startTime: time,
    endTime: time,
    attendees: [{ email: "jdoe@example.com", name: "John Doe", ...person, ...offset }],
    organizer: { name: "Cal", email: "no-reply@example.com", ...person, ...offset },
  });
}

/** A routing form; its answers stand at the root as well. */
export function formSubmitted(at, formId, { email, style }) {
  return {
    email,
    style,
    triggerEvent: "FORM_SUBMITTED",
    createdAt: iso(at),
    payload: {
      formId,
      formName: "What shall it be?",
      teamId: null,
      responses: {
        email: { value: email, response: email },
        style: { value: style, response: { label: style, id: "style-1" } },
      },
    },
  };
}

/** A trigger of some later version, which nobody knows yet. */
export const unknownTrigger = (at) =>
  envelope("WAITLIST_JOINED", at, { eventTypeId: 8108, waitlist: { position: 3 } });
