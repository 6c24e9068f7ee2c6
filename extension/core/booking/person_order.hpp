// What a person's bookings owe to each other: the first visit, the visit before, and what the
// person booked next. One rule for the folder, the reader and the recount.
//
// Guarantees: nothing here throws or allocates; the order in which bookings are given doesn't
// matter.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "core/metrics/contribution.hpp"

namespace calytics::core {

// One booking of the person. What may be NULL is kUnknown.
struct Placed {
  std::string_view root;
  bool visit = false;
  bool consultation = false;
  Instant created_at = kUnknown;
  Instant starts_at = kUnknown;  // known of a visit

  Instant first_at = kUnknown;
  Instant previous_at = kUnknown;
  Instant next_created_at = kUnknown;
  Instant session_at = kUnknown;
};

// Fills the last four of each. A booking entered after the fact counts as made at its start. Sorts
// `made` and `placed`; both have room for all bookings, and `placed` holds pointers to each.
void place(std::span<Placed*> placed, std::span<const Placed*> made);

}  // namespace calytics::core
