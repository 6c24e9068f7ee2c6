// How far readers look beyond an end that moves on as time does. What lies between where the end
// was and where it is would else be asked for at every reading, which takes far longer than reading
// some rows more: they are read for a while ahead, and remembered until the end has passed them.
#pragma once

#include <algorithm>

#include "glue/facts/zone.hpp"

namespace calytics::glue {

// What is known from lo to before hi; nothing at first.
struct LookAhead {
  TimestampTz lo = 0;
  TimestampTz hi = 0;
  std::int64_t reach = core::kHour / 60;

  bool covers(TimestampTz from, TimestampTz to) const { return lo <= from && to <= hi; }

  // What is to be read so that an end can move between these, and on.
  void begin(TimestampTz from, TimestampTz to) {
    lo = from;
    hi = to + reach;
  }

  // Next time so far that some hundreds of rows are read, however close together they are.
  void learn(std::size_t rows) {
    constexpr std::int64_t wanted = 256;
    constexpr std::int64_t shortest = core::kHour / 3600;
    constexpr std::int64_t longest = core::kHour / 4;
    const std::int64_t by_rows = (hi - lo) / static_cast<std::int64_t>(rows + 1) * wanted;
    reach = std::clamp(by_rows, shortest, longest);
  }

  void forget() { lo = hi = 0; }

  // What happened in a local hour is no more what it was.
  void forget_hour(const core::Rules& rules, Timestamp hour) {
    if (lo == hi) return;
    const TimestampTz begins = hour_begins(rules, hour);
    if (begins < hi && hour_ends(rules, hour, begins) > lo) forget();
  }
};

}  // namespace calytics::glue
