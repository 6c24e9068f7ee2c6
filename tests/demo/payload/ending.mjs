// Why: the bodies that tell how a booking ends: cancelled, to be moved, missed, or simply over.

import { CURRENCY } from "../studio.mjs";
import { utcOffset } from "../zone.mjs";
import {
  BOOKER_URL,
  iso,
  offsetZero,
  organizer,
  language,
  known,
  location,
  title,
  customAnswers,
  responses,
  metadata,
  envelope,
} from "./parts.mjs";

/** What all cancellations share. A price of zero is sent as null. */
function fromCancelling(at, leg, attendees, tail) {
  const { service } = leg;
  return envelope("BOOKING_CANCELLED", at, {
    bookerUrl: BOOKER_URL,
    title: title(leg, leg.customer),
    length: service.minutes,
    type: service.slug,
    additionalNotes: leg.wish,
    description: "",
    customInputs: {},
    eventTypeId: service.id,
    responses: responses(leg, leg.customer),
    userFieldsResponses: customAnswers(leg),
    startTime: offsetZero(leg.startsAt),
    endTime: offsetZero(leg.endsAt),
    organizer: organizer(leg),
    attendees,
    uid: leg.uid,
    bookingId: leg.bookingId,
    location: location(leg),
    destinationCalendar: [],
    ...(tail.reason && { cancellationReason: tail.reason }),
    ...(service.seats && { seatsPerTimeSlot: service.seats, seatsShowAttendees: true }),
    iCalUID: `${leg.rootUid}@Cal.com`,
    iCalSequence: leg.hops + 1,
    hideOrganizerEmail: false,
    customReplyToEmail: null,
    eventTitle: service.title,
    eventDescription: null,
    requiresConfirmation: service.confirmed ?? null,
    price: service.price || null,
    currency: CURRENCY,
    status: "CANCELLED",
    ...(tail.by && { cancelledBy: tail.by }),
    ...(tail.by && { requestReschedule: false }),
  });
}

export const cancelled = (at, leg, attendees, by, reason) =>
  fromCancelling(
    at,
    leg,
    attendees.map((customer) => known(customer, leg.startsAt)),
    { by, reason },
  );

/** One seat given back: the booking lives on, and the attendee comes as a row of the database. */
export const seatCancelled = (at, leg, { customer, attendeeId }) =>
  fromCancelling(
    at,
    leg,
    [
      {
        id: attendeeId,
        email: customer.email,
        name: customer.name,
        timeZone: customer.timeZone,
        phoneNumber: customer.phone,
        locale: customer.locale,
        bookingId: leg.bookingId,
        noShow: false,
        language: language(customer),
        utcOffset: utcOffset(leg.startsAt, customer.timeZone),
      },
    ],
    {},
  );

/** The host asks for another time. */
export function rescheduleAsked(at, leg, reason) {
  const { service, customer } = leg;
  const { phoneNumber, ...attendee } = known(customer, leg.startsAt);
  return envelope("BOOKING_CANCELLED", at, {
    bookingId: leg.bookingId,
    type: service.slug,
    title: title(leg, customer),
    description: "",
    customInputs: {},
    responses: responses(leg, customer),
    userFieldsResponses: customAnswers(leg),
    startTime: offsetZero(leg.startsAt),
    endTime: offsetZero(leg.endsAt),
    organizer: organizer(leg),
    attendees: [{ ...attendee, ...(phoneNumber && { phoneNumber }) }],
    uid: leg.uid,
    location: location(leg),
    destinationCalendar: [],
    iCalUID: `${leg.rootUid}@Cal.com`,
    iCalSequence: leg.hops + 1,
    eventTypeId: service.id,
    length: service.minutes,
    eventTitle: service.title,
    cancelledBy: leg.host.email,
    cancellationReason: `Please reschedule. ${reason}`,
    requestReschedule: true,
    status: "CANCELLED",
  });
}

export function noShowUpdated(at, leg, customer, noShow) {
  return envelope("BOOKING_NO_SHOW_UPDATED", at, {
    message: `${customer.email} ${noShow ? "marked" : "unmarked"} as no-show`,
    attendees: [{ email: customer.email, noShow }],
    bookingUid: leg.uid,
    bookingId: leg.bookingId,
  });
}

/** Flat and stale: the booking row as it stood when the clock was set, not as it is now. */
export function meetingEnded(leg, attendees, rowPaid) {
  return {
    triggerEvent: "MEETING_ENDED",
    id: leg.bookingId,
    uid: leg.uid,
    idempotencyKey: leg.idempotencyKey,
    userId: leg.host.id,
    userPrimaryEmail: leg.host.email,
    eventTypeId: leg.service.id,
    title: title(leg, leg.customer),
    description: leg.wish,
    customInputs: {},
    responses: responses(leg, leg.customer),
    startTime: iso(leg.startsAt),
    endTime: iso(leg.endsAt),
    location: location(leg),
    createdAt: iso(leg.createdAt),
    updatedAt: null,
    status: "ACCEPTED",
    paid: rowPaid,
    destinationCalendarId: null,
    cancellationReason: null,
    rejectionReason: null,
    reassignReason: null,
    reassignById: null,
    dynamicEventSlugRef: null,
    dynamicGroupSlugRef: null,
    rescheduled: null,
    fromReschedule: leg.previous?.uid ?? null,
    recurringEventId: leg.seriesId ?? null,
    smsReminderNumber: leg.customer.phone,
    scheduledJobs: [],
    metadata: metadata(leg),
    isRecorded: false,
    iCalUID: `${leg.rootUid}@Cal.com`,
    iCalSequence: leg.hops,
    rating: null,
    ratingFeedback: null,
    noShowHost: false,
    oneTimePassword: null,
    cancelledBy: null,
    rescheduledBy: leg.movedBy ?? null,
    creationSource: "WEBAPP",
    user: {
      email: leg.host.email,
      name: leg.host.name,
      timeZone: leg.host.timeZone,
      username: leg.host.username,
    },
    attendees: attendees.map(({ customer, attendeeId }) => ({
      id: attendeeId,
      email: customer.email,
      name: customer.name,
      timeZone: customer.timeZone,
      phoneNumber: customer.phone,
      locale: customer.locale,
      bookingId: leg.bookingId,
      noShow: false,
    })),
    payment: [],
    references: [],
    appsStatus: [],
  };
}
