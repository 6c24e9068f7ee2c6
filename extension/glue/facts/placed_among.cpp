// calytics.placed_among: a person's facts, each with what it owes to the others.

#include "glue/pg/pg.hpp"

extern "C" {
#include "access/htup_details.h"
#include "utils/typcache.h"
}

#include "glue/facts/chain_rows.hpp"

CALYTICS_SQL_FUNCTION(calytics_placed_among);

namespace calytics::glue {

ChainRow chain_row(TupleDesc shape, Datum chain) {
  ChainRow row;
  HeapTupleHeader header = DatumGetHeapTupleHeader(chain);
  HeapTupleData tuple = {};
  tuple.t_len = HeapTupleHeaderGetDatumLength(header);
  tuple.t_data = header;
  heap_deform_tuple(&tuple, shape, row.values, row.nulls);
  return row;
}

core::Placed ChainRow::placed() const {
  const auto instant = [this](int i) {
    return nulls[i] ? core::kUnknown : DatumGetTimestampTz(values[i]);
  };
  const auto flag = [this](int i) { return !nulls[i] && DatumGetBool(values[i]); };
  core::Placed booking;
  booking.root = root();
  booking.created_at = instant(5);
  booking.starts_at = instant(17);
  booking.consultation = flag(22);
  booking.visit = !nulls[3] && bytes_of(DatumGetTextPP(values[4])) == "accepted" && !flag(26) &&
                  booking.starts_at != core::kUnknown;
  return booking;
}

bool ChainRow::owe(const core::Placed& placed) {
  bool changed = false;
  const auto set = [&](int i, core::Instant at) {
    const core::Instant before = nulls[i] ? core::kUnknown : DatumGetTimestampTz(values[i]);
    changed = changed || before != at;
    nulls[i] = at == core::kUnknown;
    values[i] = TimestampTzGetDatum(at);
  };
  set(29, placed.first_at);
  set(30, placed.previous_at);
  set(31, placed.next_created_at);
  set(32, placed.session_at);
  return changed;
}

}  // namespace calytics::glue

Datum calytics_placed_among(PG_FUNCTION_ARGS) {
  using namespace calytics::glue;
  using calytics::core::Placed;
  InitMaterializedSRF(fcinfo, MAT_SRF_USE_EXPECTED_DESC);
  auto* result = reinterpret_cast<ReturnSetInfo*>(fcinfo->resultinfo);
  ArrayType* array = PG_GETARG_ARRAYTYPE_P(0);
  TupleDesc shape = lookup_rowtype_tupdesc_copy(ARR_ELEMTYPE(array), -1);
  if (shape->natts != kChainColumns) {
    ereport(ERROR, (errcode(ERRCODE_DATATYPE_MISMATCH), errmsg("these are no facts")));
  }
  Datum* chains = nullptr;
  int size = 0;
  deconstruct_array(array, ARR_ELEMTYPE(array), -1, false, TYPALIGN_DOUBLE, &chains, nullptr,
                    &size);
  const auto count = static_cast<std::size_t>(size);
  auto* rows = static_cast<ChainRow*>(palloc(sizeof(ChainRow) * (count + 1)));
  auto* bookings = static_cast<Placed*>(palloc(sizeof(Placed) * (count + 1)));
  auto** placed = static_cast<Placed**>(palloc(sizeof(Placed*) * (count + 1)));
  auto** made = static_cast<const Placed**>(palloc(sizeof(Placed*) * (count + 1)));
  for (std::size_t i = 0; i < count; ++i) {
    rows[i] = chain_row(shape, chains[i]);
    bookings[i] = rows[i].placed();
    placed[i] = &bookings[i];
  }
  calytics::core::place({placed, count}, {made, count});
  for (std::size_t i = 0; i < count; ++i) {
    rows[i].owe(bookings[i]);
    tuplestore_putvalues(result->setResult, result->setDesc, rows[i].values, rows[i].nulls);
  }
  return Datum{0};
}
