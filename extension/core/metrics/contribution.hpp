// What a fact contributes to which measure, when: the one place that turns facts into numbers. The
// folder asks it about facts that changed, readers about what is not folded yet and about hours
// that a range cuts in two, the recount about all. Nothing of it is stored with the facts, so a
// changed rule or a new measure needs a recount of the buckets and nothing else. The measures are
// listed in calytics.measure (sql/contribution.sql).
//
// Guarantees: nothing here throws or allocates; arithmetic beyond 64 bits is a status.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "core/metrics/tally.hpp"
#include "core/time/instant.hpp"

namespace calytics::core {

// By when something counts: creation, start, the moment it happened, the person's first visit.
// What is tracked has bases of its own, to which bookings contribute nothing (track_counts.hpp).
enum class Basis : std::uint8_t { booked = 1, service = 2, event = 4, cohort = 8, tracked = 16 };
inline constexpr unsigned kAllBases = 15;

struct Payment {
  bool refund = false;
  std::int64_t amount = 0;
  std::string_view currency;
  Instant paid_at = kUnknown;
};

// A row of calytics.chain, which explains the fields. What may be NULL is kUnknown or has a flag.
struct Fact {
  std::string_view status;
  bool has_customer = false;
  Instant created_at = kUnknown;
  std::int32_t legs = 0;
  std::span<const Instant> hopped_at;
  std::int32_t hops = 0;
  Instant confirmed_at = kUnknown;
  Instant cancelled_at = kUnknown;
  std::string_view cancelled_by;
  bool has_notice = false;
  std::int64_t notice = 0;  // microseconds
  bool withdrawn = false;
  Instant rejected_at = kUnknown;
  Instant awaiting_at = kUnknown;
  Instant paid_at = kUnknown;
  Instant starts_at = kUnknown;
  Instant ended_at = kUnknown;
  std::int64_t minutes = 0;
  bool has_lead = false;
  std::int64_t lead = 0;
  std::string_view service;
  bool consultation = false;
  std::string_view host;
  bool has_price = false;
  std::int64_t price = 0;
  std::string_view currency;
  bool no_show = false;
  bool host_no_show = false;
  std::span<const Payment> entries;
  Instant first_at = kUnknown;
  Instant previous_at = kUnknown;
  Instant next_created_at = kUnknown;
  Instant session_at = kUnknown;
};

// A source's rules, spans of time in microseconds, and its time zone.
struct Rules {
  std::int64_t late_notice = 0;
  std::int64_t lapse_after = 0;
  std::int64_t rebook_within = 0;
  std::int64_t convert_within = 0;
  int week_start = 1;  // 1 is Monday
  std::int64_t (*local)(const void* zone, Instant at) = nullptr;
  const void* zone = nullptr;
};

// Entries by ascending index, none of them 0; they live as long as the call of the sink.
struct Contribution {
  Basis basis;
  Instant at;
  std::string_view currency;
  std::span<const TallyEntry> counts;
};

// Calls sink(context, contribution) for all that the fact contributes to the bases asked for; at
// most once for one basis, instant and cause.
TallyStatus contribute(const Fact& fact, const Rules& rules, unsigned bases,
                       void (*sink)(void* context, const Contribution& contribution),
                       void* context);

}  // namespace calytics::core
