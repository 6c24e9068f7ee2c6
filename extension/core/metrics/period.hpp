// Periods: which range of time "this week" is, the one before it at the same elapsed part, the
// buckets of a series in it, and the windows of it that metrics count in.
//
// Guarantees: nothing here allocates, and nothing throws or leaves but what the caller's clock
// does; instants beyond 64 bits are a status.
#pragma once

#include <array>
#include <string_view>

#include "core/metrics/contribution.hpp"
#include "core/time/clock.hpp"

namespace calytics::core {

struct Period {
  Instant starts_at = 0;
  Instant cut_at = 0;  // what happens later is not in the period yet
  Instant ends_at = 0;
  Instant as_of = 0;
  Unit unit = Unit::none;  // day to year; none for a custom range
};

enum class PeriodStatus { ok, out_of_range, infinite };

// The period of that unit that `at` is in, or so many before it. An earlier one is looked at from
// the same local time after its start as the current one is, so that equal parts are compared.
PeriodStatus calendar_period(Unit unit, Instant at, Instant as_of, int back, const Clock& clock,
                             int week_start, Period& period);

// A custom range, which goes back by its own length. `from` is before `to`, both are finite.
PeriodStatus custom_period(Instant from, Instant to, Instant as_of, int back, Period& period);

// The bucket that fits a period, or a custom range of that length.
Unit series_unit(const Period& period);

struct Bucket {
  std::int64_t local = 0;
  Instant starts_at = 0;
  Instant ends_at = 0;
};

// The buckets of a period by local start, clipped to it; none of an infinite one.
class Buckets {
 public:
  Buckets(const Period& period, Unit unit, const Clock& clock, int week_start);
  bool next(Bucket& bucket);

 private:
  const Period& period_;
  const Clock& clock_;
  Unit unit_;
  std::int64_t local_;
  std::int64_t last_;
};

// What metrics count in a period: by a date basis, from lo to before hi.
struct Window {
  std::string_view basis;
  std::string_view name;
  Instant lo = 0;
  Instant hi = 0;
  bool cells = false;           // histograms are of it, too
  Instant ended_by = kUnknown;  // what had not ended by then is told apart
};

// Bits, in the order in which windows come.
enum WindowBit : unsigned {
  kPeriodService = 1,
  kPeriodBooked = 2,
  kPeriodEvent = 4,
  kUpcomingService = 8,
  kMaturedService = 16,
  kConvertedService = 32,
};
inline constexpr unsigned kAllWindows = 63;
inline constexpr std::size_t kMostWindows = 6;

// The bit of a window by its name and basis, as in "period booked"; 0 if there is none such.
unsigned window_named(std::string_view name);

// Writes those of the wanted windows that there are, and returns how many. What is to follow a
// booking has had its time where that was over when the day of the as-of time began. Window matured
// stands for converted as well where both are the same.
std::size_t windows_of(const Period& period, const Rules& rules, const Clock& clock,
                       unsigned wanted, std::array<Window, kMostWindows>& windows);

}  // namespace calytics::core
