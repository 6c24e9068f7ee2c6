#include "track_rows.hpp"

extern "C" {
#include "access/htup_details.h"
#include "utils/array.h"
#include "utils/typcache.h"
}

#include <algorithm>

#include "parameters.hpp"

namespace calytics::glue {

namespace {

std::int64_t instant(const Datum* values, const bool* nulls, int i) {
  return nulls[i] ? core::kNever : DatumGetTimestampTz(values[i]);
}

// The columns of a row that is being made, one after the other.
template <std::size_t columns>
class RowMaker {
 public:
  void put(Datum value, bool null = false) {
    values_[size_] = value;
    nulls_[size_++] = null;
  }
  void put(std::string_view text) {
    const bool null = text.data() == nullptr;
    put(null ? Datum{0} : text_datum(text), null);
  }
  void put(std::int64_t at) { put(TimestampTzGetDatum(at), at == core::kNever); }
  Datum finish(TupleDesc shape) {
    if (shape->natts != static_cast<int>(columns))
      ereport(ERROR, (errcode(ERRCODE_DATATYPE_MISMATCH),
                      errmsg("the tables of what is tracked are not as they were made")));
    return HeapTupleGetDatum(heap_form_tuple(shape, values_.data(), nulls_.data()));
  }

 private:
  std::array<Datum, columns> values_;
  std::array<bool, columns> nulls_;
  std::size_t size_ = 0;
};

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

Datum session_datum(const TrackShapes& shapes, std::int32_t source, std::string_view session,
                    const core::SessionFact& fact) {
  RowMaker<core::Origin{}.size()> origin;
  for (const std::string_view part : fact.origin)
    origin.put(part);
  const bool told = fact.origin_at != core::kNever;
  RowMaker<12> row;
  row.put(Int32GetDatum(source));
  row.put(session);
  row.put(fact.began_at);
  row.put(fact.ended_at);
  row.put(fact.received_first);
  row.put(fact.received_last);
  row.put(Int32GetDatum(fact.events));
  row.put(told ? origin.finish(shapes.origin) : Datum{0}, !told);
  row.put(fact.origin_at);
  row.put(fact.origin_id);
  row.put(BoolGetDatum(fact.claimed));
  row.put(BoolGetDatum(fact.booked));
  return row.finish(shapes.session);
}

Datum funnel_datum(const TrackShapes& shapes, std::int32_t source, std::string_view session,
                   const core::FunnelFact& fact) {
  std::array<Datum, core::kFunnelSteps> reached;
  for (std::size_t i = 0; i < fact.steps; ++i)
    reached[i] = TimestampTzGetDatum(fact.reached[i]);
  RowMaker<18> row;
  row.put(Int32GetDatum(source));
  row.put(session);
  row.put(fact.service);
  row.put(fact.received_first);
  row.put(fact.received_last);
  row.put(fact.started_at);
  row.put(fact.ended_at);
  for (const std::int64_t at : fact.times)
    row.put(at);
  row.put(fact.uid);
  row.put(array_of(reached.data(), fact.steps, TIMESTAMPTZOID));
  row.put(fact.steps > 0 ? fact.reached[0] : core::kNever);
  row.put(fact.steps > 0 ? fact.reached[fact.steps - 1] : core::kNever);
  return row.finish(shapes.funnel);
}

}  // namespace calytics::glue
