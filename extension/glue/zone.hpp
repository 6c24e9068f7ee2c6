// Local time, as `at time zone` has it, and back.
#pragma once

#include "pg.hpp"

extern "C" {
#include "utils/datetime.h"
}

namespace calytics::glue {

constexpr std::int64_t kHour = USECS_PER_HOUR;

inline pg_tz* zone_named(const char* name) {
  pg_tz* zone = pg_tzset(name);
  if (zone == nullptr) {
    ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                    errmsg("time zone \"%s\" is not known", name)));
  }
  return zone;
}

inline Timestamp local_time(const pg_tz* zone, TimestampTz at) {
  const pg_time_t time = timestamptz_to_time_t(at);
  const pg_tm* parts = pg_localtime(&time, zone);
  if (parts == nullptr) {
    ereport(ERROR,
            (errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE), errmsg("timestamp out of range")));
  }
  return at + parts->tm_gmtoff * USECS_PER_SEC;
}

// Where a clock change repeats a local time, what PostgreSQL takes: standard time.
inline TimestampTz instant_of(pg_tz* zone, Timestamp local) {
  pg_tm parts = {};
  fsec_t fraction = 0;
  if (timestamp2tm(local, nullptr, &parts, &fraction, nullptr, zone) != 0) {
    ereport(ERROR,
            (errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE), errmsg("timestamp out of range")));
  }
  return local + DetermineTimeZoneOffset(&parts, zone) * USECS_PER_SEC;
}

inline Timestamp hour_of(Timestamp local) {
  const Timestamp rest = local % kHour;
  return local - (rest < 0 ? rest + kHour : rest);
}

// The first instant of a local hour; the earlier one where a clock change repeats the hour.
inline TimestampTz hour_begins(pg_tz* zone, Timestamp hour) {
  const TimestampTz at = instant_of(zone, hour);
  return hour_of(local_time(zone, at - kHour)) == hour ? at - kHour : at;
}

// The end of a local hour, of both where a clock change repeats it.
inline TimestampTz hour_ends(pg_tz* zone, Timestamp hour, TimestampTz begins) {
  return begins + (hour_of(local_time(zone, begins + kHour)) == hour ? 2 : 1) * kHour;
}

}  // namespace calytics::glue
