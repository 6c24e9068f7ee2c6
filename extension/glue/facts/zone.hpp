// Local hours and the instants at which they begin and end, in the time zone of a source's rules.
#pragma once

#include "glue/pg/pg.hpp"

#include "core/time/clock.hpp"
#include "glue/facts/fact.hpp"

namespace calytics::glue {

// As `at time zone` has it; the zone is a Zone.
TimestampTz instant_of(const void* zone, Timestamp local);

inline core::Clock clock_of(const core::Rules& rules) {
  return {rules.local, instant_of, rules.zone};
}

inline Timestamp local_time(const core::Rules& rules, TimestampTz at) {
  return rules.local(rules.zone, at);
}

inline Timestamp hour_of(Timestamp local) {
  return core::start_of(core::Unit::hour, local, 1);
}

// The first instant of a local hour; the earlier one where a clock change repeats the hour.
inline TimestampTz hour_begins(const core::Rules& rules, Timestamp hour) {
  return clock_of(rules).hour_begins(hour);
}

// The end of a local hour, of both where a clock change repeats it.
inline TimestampTz hour_ends(const core::Rules& rules, Timestamp hour, TimestampTz begins) {
  return clock_of(rules).hour_ends(hour, begins);
}

}  // namespace calytics::glue
