// One booking out of the legs that reschedules made of it: what happened to it, when, and what of
// each leg still holds. A function of the legs alone; the other bookings of the person are
// person_order.hpp's business.
//
// Guarantees: nothing here throws or allocates.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "core/metrics/contribution.hpp"

namespace calytics::core {

using Text = std::optional<std::string_view>;
using Integer = std::optional<std::int64_t>;

// What a row of calytics.booking has of use here; that table explains the columns. Instants that
// are NULL are kUnknown, those of which it is known only that they came are infinite.
struct Leg {
  std::string_view uid;
  std::string_view root_uid;
  std::int32_t hops = 0;
  std::string_view status;
  Instant created_at = kUnknown;
  Instant accepted_at = kUnknown;
  Instant rejected_at = kUnknown;
  Instant awaiting_at = kUnknown;
  Instant cancelled_at = kUnknown;
  Text cancelled_by;
  Instant paid_at = kUnknown;
  Instant starts_at = kUnknown;
  Instant ends_at = kUnknown;
  Integer event_type;
  Text service;
  Integer price;
  Text currency;
  Integer host_id;
  Text host;
  bool has_customer = false;
  std::int32_t seats = 0;
  std::int32_t no_shows = 0;
  bool host_no_show = false;
};

// The columns of calytics.chain that legs alone tell. A key is an id, or else a name.
struct Chain {
  Instant created_at = kUnknown;
  std::int32_t legs = 0;
  std::span<const Instant> hopped_at;
  std::int32_t hops = 0;
  Instant confirmed_at = kUnknown;
  Instant cancelled_at = kUnknown;
  Text cancelled_by;
  bool has_notice = false;  // from cancelled_at, which is the leg's then, to starts_at
  bool withdrawn = false;
  Instant rejected_at = kUnknown;
  Instant awaiting_at = kUnknown;
  Instant paid_at = kUnknown;
  Instant starts_at = kUnknown;
  Instant ended_at = kUnknown;
  std::int64_t minutes = 0;
  Integer lead;  // minutes from creation to start
  Integer event_type;
  Text service_key;  // where there is no event type
  Text service;      // its name
  Integer host_id;
  Text host;  // where there is no id
  Integer price;
  Text currency;
  bool no_show = false;
  bool host_no_show = false;
  const Leg* customer_of = nullptr;  // nullptr where nobody is known
};

// legs: at least one, the current leg first; hops: room for the times of all legs.
Chain chain_of(std::span<const Leg> legs, std::span<Instant> hops);

}  // namespace calytics::core
