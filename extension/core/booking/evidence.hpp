// What one webhook says about a booking, in the form of a booking: a row in which only those
// registers are set that the webhook is evidence for. These files alone know what each trigger
// means. State is the join of such rows, so nothing here may look at what was known before.
//
// Guarantees: nothing here throws or allocates. Texts are views of the webhook's, and of the buffer
// that is given for a host's name.
#pragma once

#include <array>
#include <cstddef>

#include "core/booking/attendee_state.hpp"
#include "core/booking/booking_state.hpp"
#include "core/booking/webhook.hpp"

namespace calytics::core {

using HostName = std::array<char, 32>;

// The booking as this webhook alone tells it; `at` is when the event happened. The webhook's kind
// is Kind::booking, here and below.
BookingState booking_evidence(const Webhook& webhook, Moment at, HostName& name) noexcept;

// Whether it tells of a leg that another one replaces.
bool has_predecessor(const Webhook& webhook) noexcept;

// Whether one attendee moves from one seated booking to another, which leaves both standing.
bool moves_seat(const Webhook& webhook) noexcept;

// When the booking was made, of what tells of that; `at` as above.
Moment creation_of(const Webhook& webhook, Moment at) noexcept;

// The session that made the booking, which webhooks of other times repeat, and those of the legs
// that replace it.
Webhook::Text session_evidence(const Webhook& webhook) noexcept;

// What it tells about the leg that was rescheduled: Cal.com sends nothing for that leg itself.
BookingState predecessor_evidence(const Webhook& webhook) noexcept;

// What it tells about its n-th attendee.
AttendeeState attendee_evidence(const Webhook& webhook, std::size_t n, Moment at) noexcept;

// What an attendee who moved to another slot tells about the slot that was left.
AttendeeState seat_given_up(AttendeeState attendee, std::string_view left_uid) noexcept;

}  // namespace calytics::core
