#include "core/booking/evidence.hpp"

#include <algorithm>
#include <charconv>

#include "core/booking/trigger.hpp"

namespace calytics::core {
namespace {

// Where attendees stand who are not told in the booking's own order.
constexpr std::int32_t kLastPosition = 1000;

Trigger trigger_of(const Webhook& webhook) {
  return booking_trigger(webhook.trigger.value_or("")).value_or(Trigger::location_updated);
}

bool marks_no_shows(Trigger trigger) {
  return trigger == Trigger::no_show_updated || trigger == Trigger::guests_no_show ||
         trigger == Trigger::hosts_no_show;
}

// When the leg was accepted: kSometime if the webhook shows that it is, but not since when.
BookingState::Instant accepted_at(const Webhook& webhook, Trigger trigger, Moment at) {
  const bool flat = webhook.envelope == Envelope::flat;
  const bool accepted = webhook.status == "ACCEPTED";
  switch (trigger) {
    case Trigger::confirmed:
      return at;
    case Trigger::created:
    case Trigger::rescheduled:
      if (!flat && (accepted || !webhook.status)) return at;
      break;
    case Trigger::paid:
      if (flat || !accepted || webhook.requires_confirmation.value_or(false)) return std::nullopt;
      return at;
    case Trigger::requested:
    case Trigger::payment_initiated:
      return std::nullopt;
    case Trigger::no_show_updated:
    case Trigger::guests_no_show:
    case Trigger::hosts_no_show:
      return kSometime;
    default:
      break;
  }
  return accepted ? BookingState::Instant(kSometime) : std::nullopt;
}

bool tells_creation(const Webhook& webhook, Trigger trigger) {
  return webhook.created_at || webhook.envelope == Envelope::flat || trigger == Trigger::created ||
         trigger == Trigger::requested || trigger == Trigger::rescheduled ||
         trigger == Trigger::payment_initiated;
}

// A snapshot of the API's was made when the booking was last changed: what can't be undone happened
// then or before, and what happened before its start was no surprise at it.
Moment at_the_latest(const Webhook& webhook, Moment updated) {
  return webhook.starts_at && updated <= Moment{*webhook.starts_at} ? updated : kSometime;
}

// Snapshots tell that something happened, not when; the events themselves tell when.
void tell_what_became_of_it(const Webhook& webhook, Trigger trigger, Moment at,
                            BookingState& booking) {
  const bool flat = webhook.envelope == Envelope::flat;
  const auto who = [&]() -> BookingState::Text {
    if (!webhook.cancelled_by) return std::nullopt;
    return name_of(*webhook.cancelled_by);
  };
  if (trigger == Trigger::cancelled && !flat) {
    if (webhook.single_seat) {
      // The booking stands; its attendee says who left.
    } else if (webhook.request_reschedule.value_or(false)) {
      booking.awaiting_at = at;
    } else {
      booking.cancelled_at = at;
      booking.cancelled_by = who();
    }
  } else if (webhook.status == "CANCELLED" && trigger == Trigger::synced) {
    // So the API speaks of a leg that another one replaces, too.
    if (webhook.superseded_by) return;
    booking.cancelled_at = at_the_latest(webhook, at);
    booking.cancelled_by = who();
  } else if (webhook.status == "CANCELLED") {
    booking.cancelled_at = kSometime;
    booking.cancelled_by = who();
  }

  if (trigger == Trigger::rejected && !flat) {
    booking.rejected_at = at;
  } else if (webhook.status == "REJECTED") {
    booking.rejected_at = trigger == Trigger::synced ? at_the_latest(webhook, at) : kSometime;
  }

  if (trigger == Trigger::paid && !flat) {
    booking.paid_at = at;
  } else if (webhook.paid.value_or(false)) {
    booking.paid_at = kSometime;
  }
}

// From one instant to another, where that is not before it.
void set_schedule(Webhook::Instant start, Webhook::Instant end, Moment told,
                  BookingState& booking) {
  if (!start) return;
  booking.starts_at = Moment{*start};
  if (end && *end >= *start) booking.ends_at = Moment{*end};
  booking.schedule_at = told;
}

std::string_view host_name(const Webhook& webhook, HostName& name) {
  if (webhook.host) return *webhook.host;
  constexpr std::string_view kPrefix = "host-";
  char* digits = std::ranges::copy(kPrefix, name.begin()).out;
  const char* end = std::to_chars(digits, name.end(), *webhook.host_id).ptr;
  return {name.data(), static_cast<std::size_t>(end - name.data())};
}

}  // namespace

bool has_predecessor(const Webhook& webhook) noexcept {
  return webhook.reschedule_uid && webhook.reschedule_uid != webhook.uid;
}

bool moves_seat(const Webhook& webhook) noexcept {
  return trigger_of(webhook) == Trigger::rescheduled && webhook.seat_id && has_predecessor(webhook);
}

BookingState booking_evidence(const Webhook& webhook, Moment at, HostName& name) noexcept {
  const Trigger trigger = trigger_of(webhook);
  BookingState booking;
  booking.uid = booking.root_uid = webhook.uid.value_or("");
  booking.recurring = webhook.recurring;
  booking.series = webhook.series;
  booking.event_type_id = webhook.event_type_id;
  booking.service = webhook.service;
  booking.payment_id = webhook.payment_id;
  booking.seats_per_slot = webhook.seats_per_slot;

  // A seat that moves to another slot arrives as a reschedule, with the old slot's booking id.
  if (!moves_seat(webhook)) {
    booking.booking_id = webhook.booking_id;
    if (has_predecessor(webhook)) booking.reschedule_uid = webhook.reschedule_uid;
  }

  if (tells_creation(webhook, trigger)) booking.created_at = creation_of(webhook, at);
  booking.superseded_by = webhook.superseded_by;
  booking.accepted_at = accepted_at(webhook, trigger, at);
  tell_what_became_of_it(webhook, trigger, at, booking);

  set_schedule(webhook.starts_at, webhook.ends_at, at, booking);
  if (webhook.price) {
    booking.price = webhook.price;
    booking.currency = webhook.currency;
    // Of the API it is what the service costs now: whatever was told at the time counts more.
    booking.price_at = trigger == Trigger::synced ? kSometime : at;
  }
  if (webhook.host || webhook.host_id) {
    booking.host_id = webhook.host_id;
    booking.host = host_name(webhook, name);
    booking.host_at = at;
  }
  if (webhook.host_no_show) {
    booking.host_no_show = true;
    booking.host_no_show_at = at;
  }
  if (!webhook.attendees.empty() && !webhook.single_seat && !marks_no_shows(trigger)) {
    booking.customer = webhook.attendees.front().id;
    booking.customer_at = at;
  }
  return booking;
}

Moment creation_of(const Webhook& webhook, Moment at) noexcept {
  return webhook.created_at ? Moment{*webhook.created_at} : at;
}

Webhook::Text session_evidence(const Webhook& webhook) noexcept {
  if (has_predecessor(webhook) || !tells_creation(webhook, trigger_of(webhook))) return {};
  return webhook.session;
}

BookingState predecessor_evidence(const Webhook& webhook) noexcept {
  BookingState booking;
  booking.uid = booking.root_uid = webhook.reschedule_uid.value_or("");
  set_schedule(webhook.reschedule_starts_at, webhook.reschedule_ends_at, kAlways, booking);
  if (moves_seat(webhook)) {
    booking.moved_to = webhook.uid;
  } else {
    booking.superseded_by = webhook.uid;
    booking.booking_id = webhook.reschedule_booking_id;
  }
  return booking;
}

AttendeeState attendee_evidence(const Webhook& webhook, std::size_t n, Moment at) noexcept {
  const Trigger trigger = trigger_of(webhook);
  const bool marks = marks_no_shows(trigger);
  const bool leaves = trigger == Trigger::cancelled && webhook.single_seat;
  const Attendee& told = webhook.attendees[n];
  AttendeeState attendee;
  attendee.uid = webhook.uid.value_or("");
  attendee.customer = told.id;
  attendee.position = marks || leaves ? kLastPosition : static_cast<std::int32_t>(n) + 1;
  attendee.seat_id = n == 0 && webhook.seat_id ? webhook.seat_id : told.seat_id;
  attendee.active = !leaves;
  attendee.active_at = marks ? kAlways : at;
  if (trigger == Trigger::guests_no_show) {
    attendee.no_show = true;
  } else if (trigger == Trigger::no_show_updated || trigger == Trigger::synced ||
             told.no_show.value_or(false)) {
    attendee.no_show = told.no_show;  // snapshots say false by default
  }
  if (attendee.no_show) attendee.no_show_at = at;
  return attendee;
}

AttendeeState seat_given_up(AttendeeState attendee, std::string_view left_uid) noexcept {
  attendee.uid = left_uid;
  attendee.seat_id.reset();
  attendee.active = false;
  attendee.no_show.reset();
  attendee.no_show_at.reset();
  return attendee;
}

}  // namespace calytics::core
