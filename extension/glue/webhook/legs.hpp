// Legs in the database: an account of one joined into what is known.
#pragma once

#include "glue/pg/pg.hpp"

#include <span>

#include "core/booking/attendee_state.hpp"
#include "core/booking/booking_state.hpp"
#include "glue/webhook/booking_tables.hpp"

namespace calytics::glue {

struct Touched {
  core::BookingState leg;  // as it stands now
  bool fresh = false;      // it was not known
  bool changed = false;    // readers see a difference
  bool linked = false;     // the leg that it replaced has become known
  bool saved = false;      // anything is different
};

// Joins an account of a leg, and of people who are attendees of it, into what is known. The leg's
// row is locked from here on: by having been written or, where it says nothing new, for itself.
Touched touch_leg(BookingTables& tables, const core::BookingState& told,
                  std::span<const core::AttendeeState> people);

// Whether legs are known that replaced this one.
bool has_followers(const core::BookingState& leg);

// Gives a leg, whose row is locked, its place in a chain.
void place_leg(BookingTables& tables, core::BookingState& leg, std::string_view root_uid,
               std::int32_t hops);

}  // namespace calytics::glue
