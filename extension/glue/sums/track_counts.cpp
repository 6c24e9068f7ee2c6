// What tracked events and funnels count, as tallies.

#include "glue/pg/pg.hpp"

#include "core/tracking/track_counts.hpp"

#include "glue/facts/track_changes.hpp"
#include "glue/sums/tally.hpp"

CALYTICS_SQL_FUNCTION(calytics_event_counts);
CALYTICS_SQL_FUNCTION(calytics_session_counts);
CALYTICS_SQL_FUNCTION(calytics_funnel_counts);

namespace {

using calytics::core::TrackCounts;

Datum tally_of(const TrackCounts& counts, std::size_t size) {
  calytics::glue::NewTally tally(size);
  for (std::size_t i = 0; i < size; ++i)
    tally.out().put(counts[i].index, counts[i].count);
  return PointerGetDatum(tally.finish());
}

}  // namespace

std::int64_t calytics::glue::removed_in(const ArrayType* pieces) {
  if (ARR_HASNULL(pieces) || ARR_ELEMTYPE(pieces) != INT4OID) return 0;
  const auto* const first = reinterpret_cast<const std::int32_t*>(ARR_DATA_PTR(pieces));
  const int size = ArrayGetNItems(ARR_NDIM(pieces), ARR_DIMS(pieces));
  std::int64_t sum = 0;
  for (int i = 0; i < size; ++i)
    sum += first[i];
  return sum;
}

// event_counts(event_type, bot, late, removed, duration)
Datum calytics_event_counts(PG_FUNCTION_ARGS) {
  if (PG_ARGISNULL(0) || PG_ARGISNULL(1) || PG_ARGISNULL(2)) PG_RETURN_NULL();
  calytics::core::CountedEvent event;
  event.type = calytics::glue::bytes_of(PG_GETARG_VARLENA_PP(0));
  event.bot = PG_GETARG_BOOL(1);
  event.late = PG_GETARG_BOOL(2);
  if (!PG_ARGISNULL(3)) event.removed = calytics::glue::removed_in(PG_GETARG_ARRAYTYPE_P(3));
  if (!PG_ARGISNULL(4)) event.duration = PG_GETARG_INT64(4);
  TrackCounts counts;
  const std::size_t size = calytics::core::count_event(event, counts);
  return tally_of(counts, size);
}

// session_counts(claimed, booked)
Datum calytics_session_counts(PG_FUNCTION_ARGS) {
  TrackCounts counts;
  const std::size_t size =
      calytics::core::count_session(PG_GETARG_BOOL(0), PG_GETARG_BOOL(1), counts);
  return tally_of(counts, size);
}

// funnel_counts(reached, as_of)
Datum calytics_funnel_counts(PG_FUNCTION_ARGS) {
  const ArrayType* reached = PG_GETARG_ARRAYTYPE_P(0);
  if (ARR_HASNULL(reached) || ARR_NDIM(reached) > 1) {
    ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                    errmsg("the times of a funnel's steps can't be NULL")));
  }
  const auto* const times = reinterpret_cast<const std::int64_t*>(ARR_DATA_PTR(reached));
  const int size = ArrayGetNItems(ARR_NDIM(reached), ARR_DIMS(reached));
  TrackCounts counts;
  const std::size_t entries = calytics::core::count_steps({times, static_cast<std::size_t>(size)},
                                                          PG_GETARG_TIMESTAMPTZ(1), counts);
  return tally_of(counts, entries);
}
