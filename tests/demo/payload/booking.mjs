// Why: the bodies that bring a booking to life: made by the booking form, by a payment, or by the
// host's answer to a request. Each has its own order of fields, way to write times, and gaps.

import { CURRENCY } from "../studio.mjs";
import {
  BOOKER_URL,
  iso,
  seconds,
  organizer,
  newcomer,
  known,
  paying,
  location,
  title,
  customAnswers,
  responses,
  video,
  metadata,
  recurrence,
  envelope,
} from "./parts.mjs";

/** The long form, made when somebody fills in the booking form. */
function fromForm(triggerEvent, at, leg, { status, customer = leg.customer, seatId }) {
  const { service, previous } = leg;
  return envelope(triggerEvent, at, {
    bookerUrl: BOOKER_URL,
    title: title(leg, customer),
    startTime: seconds(leg.startsAt),
    endTime: seconds(leg.endsAt),
    additionalNotes: leg.wish,
    type: service.slug,
    description: leg.wish,
    eventTypeId: service.id,
    hideCalendarNotes: false,
    hideCalendarEventDetails: false,
    hideOrganizerEmail: false,
    schedulingType: null,
    seatsPerTimeSlot: service.seats ?? null,
    seatsShowAttendees: true,
    seatsShowAvailabilityCount: true,
    customReplyToEmail: null,
    disableRescheduling: false,
    disableCancelling: false,
    organizer: organizer(leg),
    attendees: [newcomer(customer, leg.startsAt)],
    customInputs: {},
    responses: responses(leg, customer),
    userFieldsResponses: customAnswers(leg),
    location: location(leg),
    destinationCalendar: null,
    iCalUID: `${leg.rootUid}@Cal.com`,
    iCalSequence: leg.hops,
    requiresConfirmation: Boolean(service.confirmed),
    oneTimePassword: null,
    organizationId: null,
    hashedLink: null,
    ...recurrence(leg),
    uid: leg.uid,
    ...(triggerEvent === "BOOKING_REQUESTED" ? {} : video(leg)),
    eventTitle: service.title,
    eventDescription: "",
    price: service.price,
    currency: CURRENCY,
    length: service.minutes,
    bookingId: leg.bookingId,
    ...(previous && {
      rescheduleId: previous.bookingId,
      rescheduleUid: previous.uid,
      rescheduleStartTime: seconds(previous.startsAt),
      rescheduleEndTime: seconds(previous.endsAt),
    }),
    ...(seatId && { attendeeSeatId: seatId }),
    ...(triggerEvent === "BOOKING_PAYMENT_INITIATED" && { paymentId: leg.paymentId }),
    metadata: metadata(leg),
    ...(status && { status }),
    ...(customer.phone && { smsReminderNumber: customer.phone }),
    ...(previous && { rescheduledBy: leg.movedBy }),
  });
}

export const created = (at, leg) => fromForm("BOOKING_CREATED", at, leg, { status: "ACCEPTED" });

export const seatAdded = (at, leg, customer, seatId) =>
  fromForm("BOOKING_CREATED", at, leg, { status: "ACCEPTED", customer, seatId });

export const rescheduled = (at, leg) =>
  fromForm("BOOKING_RESCHEDULED", at, leg, { status: "ACCEPTED" });

export const requested = (at, leg) => fromForm("BOOKING_REQUESTED", at, leg, { status: "PENDING" });

/** A request that waited for its payment says nothing of its status. */
export const requestedAfterPayment = (at, leg) => fromForm("BOOKING_REQUESTED", at, leg, {});

/** Says ACCEPTED though nothing is accepted before the money arrives. */
export const paymentInitiated = (at, leg) =>
  fromForm("BOOKING_PAYMENT_INITIATED", at, leg, { status: "ACCEPTED" });

export function paid(at, leg) {
  const { service, customer } = leg;
  return envelope("BOOKING_PAID", at, {
    bookerUrl: BOOKER_URL,
    title: title(leg, customer),
    startTime: iso(leg.startsAt),
    endTime: iso(leg.endsAt),
    type: service.slug,
    description: leg.wish,
    eventTypeId: service.id,
    hideCalendarNotes: false,
    hideCalendarEventDetails: false,
    hideOrganizerEmail: false,
    customReplyToEmail: null,
    organizer: organizer(leg),
    attendees: [paying(customer, leg.startsAt)],
    customInputs: {},
    responses: responses(leg, customer),
    userFieldsResponses: customAnswers(leg),
    location: location(leg),
    destinationCalendar: null,
    requiresConfirmation: Boolean(service.confirmed),
    uid: leg.uid,
    eventTitle: service.title,
    eventDescription: "",
    price: service.price,
    currency: CURRENCY,
    length: service.minutes,
    bookingId: leg.bookingId,
    paymentId: leg.paymentId,
    metadata: {
      identifier: "cal.com",
      bookingId: leg.bookingId,
      eventTypeId: service.id,
      bookerEmail: customer.email,
      eventTitle: service.title,
      externalId: `pi_demo_${leg.bookingId}`,
    },
    status: service.confirmed ? "PENDING" : "ACCEPTED",
  });
}

/** The short form, made when a host answers a request: no calendar id, no reschedule fields. */
function fromAnswer(triggerEvent, at, leg, status, rejectionReason) {
  const { service, customer } = leg;
  return envelope(triggerEvent, at, {
    type: service.slug,
    title: title(leg, customer),
    description: leg.wish,
    bookerUrl: BOOKER_URL,
    userFieldsResponses: customAnswers(leg),
    responses: responses(leg, customer),
    customInputs: {},
    startTime: iso(leg.startsAt),
    endTime: iso(leg.endsAt),
    organizer: organizer(leg),
    attendees: [known(customer, leg.startsAt)],
    location: location(leg),
    uid: leg.uid,
    destinationCalendar: [],
    requiresConfirmation: true,
    hideOrganizerEmail: false,
    hideCalendarNotes: false,
    hideCalendarEventDetails: false,
    eventTypeId: service.id,
    customReplyToEmail: null,
    organizationId: null,
    additionalNotes: leg.wish,
    ...(rejectionReason && { rejectionReason }),
    ...(rejectionReason ? {} : video(leg)),
    eventTitle: service.title,
    eventDescription: "",
    price: service.price,
    currency: CURRENCY,
    length: service.minutes,
    bookingId: leg.bookingId,
    status,
    ...(rejectionReason ? {} : { metadata: metadata(leg) }),
  });
}

export const confirmed = (at, leg) => fromAnswer("BOOKING_CREATED", at, leg, "ACCEPTED");

export const rejected = (at, leg, reason) =>
  fromAnswer("BOOKING_REJECTED", at, leg, "REJECTED", reason);
