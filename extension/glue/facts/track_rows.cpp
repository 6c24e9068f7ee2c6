#include "glue/facts/track_rows.hpp"

extern "C" {
#include "access/htup_details.h"
#include "utils/array.h"
#include "utils/typcache.h"
}

#include <algorithm>

#include "glue/pg/parameters.hpp"

namespace calytics::glue {

namespace {

std::int64_t instant(const Datum* values, const bool* nulls, int i) {
  return nulls[i] ? core::kNever : DatumGetTimestampTz(values[i]);
}

void put_time(Arguments& row, std::int64_t at) {
  if (at == core::kNever) {
    row.skip();
  } else {
    row.put(TimestampTzGetDatum(at));
  }
}

void put_text(Arguments& row, std::string_view text) {
  if (text.data() == nullptr) {
    row.skip();
  } else {
    row.put(text);
  }
}

Datum row_datum(TupleDesc shape, const Arguments& row) {
  if (shape->natts != row.size())
    ereport(ERROR, (errcode(ERRCODE_DATATYPE_MISMATCH),
                    errmsg("the tables of what is tracked are not as they were made")));
  return HeapTupleGetDatum(
      heap_form_tuple(shape, const_cast<Datum*>(row.values()), const_cast<bool*>(row.nulls())));
}

}  // namespace

std::string_view kept_text(Datum value, bool null, MemoryContext memory) {
  if (null) return {};
  const std::string_view text = text_of(value);
  auto* copy = static_cast<char*>(MemoryContextAlloc(memory, text.size() + 1));
  std::copy(text.begin(), text.end(), copy);
  return {copy, text.size()};
}

SessionRow session_row(const Datum* values, const bool* nulls, MemoryContext memory) {
  SessionRow row;
  row.session = kept_text(values[0], false, memory);
  core::SessionFact& fact = row.fact;
  fact.began_at = DatumGetTimestampTz(values[1]);
  fact.ended_at = DatumGetTimestampTz(values[2]);
  fact.received_first = DatumGetTimestampTz(values[3]);
  fact.received_last = DatumGetTimestampTz(values[4]);
  fact.events = DatumGetInt32(values[5]);
  for (std::size_t i = 0; i < fact.origin.size(); ++i)
    fact.origin[i] = kept_text(values[6 + i], nulls[6 + i], memory);
  fact.origin_at = instant(values, nulls, 10);
  fact.origin_id = kept_text(values[11], nulls[11], memory);
  fact.claimed = DatumGetBool(values[12]);
  fact.booked = DatumGetBool(values[13]);
  return row;
}

FunnelRow funnel_row(const Datum* values, const bool* nulls, MemoryContext memory) {
  FunnelRow row;
  row.session = kept_text(values[0], false, memory);
  core::FunnelFact& fact = row.fact;
  fact.service = kept_text(values[1], false, memory);
  fact.received_first = DatumGetTimestampTz(values[2]);
  fact.received_last = DatumGetTimestampTz(values[3]);
  fact.started_at = DatumGetTimestampTz(values[4]);
  fact.ended_at = DatumGetTimestampTz(values[5]);
  for (int i = 0; i < static_cast<int>(core::kFunnelTimes); ++i)
    fact.times[static_cast<std::size_t>(i)] = instant(values, nulls, 6 + i);
  fact.uid = kept_text(values[13], nulls[13], memory);
  const ArrayType* reached = DatumGetArrayTypeP(values[14]);
  const auto* const times = reinterpret_cast<const std::int64_t*>(ARR_DATA_PTR(reached));
  fact.steps =
      std::min(static_cast<std::size_t>(ArrayGetNItems(ARR_NDIM(reached), ARR_DIMS(reached))),
               core::kFunnelSteps);
  std::copy_n(times, fact.steps, fact.reached.begin());
  return row;
}

TrackShapes track_shapes(Oid session, Oid funnel) {
  constexpr int origin_column = 7;
  TrackShapes shapes = {};
  shapes.session = lookup_rowtype_tupdesc_copy(session, -1);
  shapes.funnel = lookup_rowtype_tupdesc_copy(funnel, -1);
  shapes.origin =
      lookup_rowtype_tupdesc_copy(TupleDescAttr(shapes.session, origin_column)->atttypid, -1);
  return shapes;
}

Arguments session_columns(TupleDesc origin, std::int32_t source, std::string_view session,
                          const core::SessionFact& fact) {
  Arguments row;
  row.put(source).put(session);
  put_time(row, fact.began_at);
  put_time(row, fact.ended_at);
  put_time(row, fact.received_first);
  put_time(row, fact.received_last);
  row.put(fact.events);
  if (fact.origin_at == core::kNever) {
    row.skip();
  } else {
    Arguments told;
    for (const std::string_view part : fact.origin)
      put_text(told, part);
    row.put(row_datum(origin, told));
  }
  put_time(row, fact.origin_at);
  put_text(row, fact.origin_id);
  row.put(fact.claimed).put(fact.booked);
  return row;
}

Arguments funnel_columns(std::int32_t source, std::string_view session,
                         const core::FunnelFact& fact) {
  std::array<Datum, core::kFunnelSteps> reached;
  for (std::size_t i = 0; i < fact.steps; ++i)
    reached[i] = TimestampTzGetDatum(fact.reached[i]);
  Arguments row;
  row.put(source).put(session).put(fact.service);
  put_time(row, fact.received_first);
  put_time(row, fact.received_last);
  put_time(row, fact.started_at);
  put_time(row, fact.ended_at);
  for (const std::int64_t at : fact.times)
    put_time(row, at);
  put_text(row, fact.uid);
  row.put(array_of(reached.data(), fact.steps, TIMESTAMPTZOID));
  put_time(row, fact.steps > 0 ? fact.reached[0] : core::kNever);
  put_time(row, fact.steps > 0 ? fact.reached[fact.steps - 1] : core::kNever);
  return row;
}

Datum session_datum(const TrackShapes& shapes, std::int32_t source, std::string_view session,
                    const core::SessionFact& fact) {
  return row_datum(shapes.session, session_columns(shapes.origin, source, session, fact));
}

Datum funnel_datum(const TrackShapes& shapes, std::int32_t source, std::string_view session,
                   const core::FunnelFact& fact) {
  return row_datum(shapes.funnel, funnel_columns(source, session, fact));
}

}  // namespace calytics::glue
