// A place's clock: what it shows at an instant, and when it shows a time. Hours of the clock may be
// skipped or repeated where it is put forward or back.
#pragma once

#include "core/time/instant.hpp"
#include "core/time/local_time.hpp"

namespace calytics::core {

struct Clock {
  std::int64_t (*local)(const void* zone, Instant at) = nullptr;
  Instant (*instant)(const void* zone, std::int64_t local) = nullptr;
  const void* zone = nullptr;

  std::int64_t shows(Instant at) const { return local(zone, at); }
  std::int64_t hour_at(Instant at) const { return start_of(Unit::hour, shows(at), 1); }

  // The first instant of a local hour; the earlier one where a clock change repeats the hour.
  Instant hour_begins(std::int64_t hour) const {
    const Instant at = instant(zone, hour);
    if (at == kNoBegin || at == kNoEnd) return at;
    return hour_at(at - kHour) == hour ? at - kHour : at;
  }
  // The end of a local hour that begins then, of both where a clock change repeats it.
  Instant hour_ends(std::int64_t hour, Instant begins) const {
    return begins + (hour_at(begins + kHour) == hour ? 2 : 1) * kHour;
  }
};

}  // namespace calytics::core
