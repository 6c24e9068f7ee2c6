// When a place's clock shows a time, as `at time zone` has it.

#include "glue/facts/zone.hpp"

extern "C" {
#include "utils/datetime.h"
}

namespace calytics::glue {

TimestampTz instant_of(const void* zone, Timestamp local) {
  const auto& place = *static_cast<const Zone*>(zone);
  if (TIMESTAMP_NOT_FINITE(local)) return local;
  if (place.zone == nullptr) {
    return DatumGetTimestampTz(
        DirectFunctionCall2(timestamp_zone, PointerGetDatum(place.name), TimestampGetDatum(local)));
  }
  pg_tm clock = {};
  fsec_t fraction = 0;
  TimestampTz at = 0;
  if (timestamp2tm(local, nullptr, &clock, &fraction, nullptr, nullptr) == 0) {
    int offset = DetermineTimeZoneOffset(&clock, const_cast<pg_tz*>(place.zone));
    if (tm2timestamp(&clock, fraction, &offset, &at) == 0) return at;
  }
  ereport(ERROR, (errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE), errmsg("timestamp out of range")));
}

}  // namespace calytics::glue
