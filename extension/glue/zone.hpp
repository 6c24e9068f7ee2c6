// Local hours and the instants at which they begin and end, in the time zone of a source's rules.
#pragma once

#include "pg.hpp"

#include "core/local_time.hpp"
#include "fact.hpp"

namespace calytics::glue {

inline Timestamp local_time(const core::Rules& rules, TimestampTz at) {
  return rules.local(rules.zone, at);
}

// As `at time zone` has it.
inline TimestampTz instant_of(const core::Rules& rules, Timestamp local) {
  const auto* zone = static_cast<const Zone*>(rules.zone);
  return DatumGetTimestampTz(
      DirectFunctionCall2(timestamp_zone, PointerGetDatum(zone->name), TimestampGetDatum(local)));
}

inline Timestamp hour_of(Timestamp local) {
  return core::start_of(core::Unit::hour, local, 1);
}

// The first instant of a local hour; the earlier one where a clock change repeats the hour.
inline TimestampTz hour_begins(const core::Rules& rules, Timestamp hour) {
  const TimestampTz at = instant_of(rules, hour);
  return hour_of(local_time(rules, at - core::kHour)) == hour ? at - core::kHour : at;
}

// The end of a local hour, of both where a clock change repeats it.
inline TimestampTz hour_ends(const core::Rules& rules, Timestamp hour, TimestampTz begins) {
  return begins + (hour_of(local_time(rules, begins + core::kHour)) == hour ? 2 : 1) * core::kHour;
}

}  // namespace calytics::glue
