// calytics.placed_among: a person's facts, each with what it owes to the others.

#include "pg.hpp"

extern "C" {
#include "access/htup_details.h"
#include "utils/typcache.h"
}

#include "core/person_order.hpp"
#include "fact.hpp"

CALYTICS_SQL_FUNCTION(calytics_placed_among);

namespace {

using calytics::core::kUnknown;
using calytics::core::Placed;
using calytics::glue::bytes_of;
using calytics::glue::kChainColumns;

struct ChainRow {
  Datum values[kChainColumns];
  bool nulls[kChainColumns];

  calytics::core::Instant instant(int i) const {
    return nulls[i] ? kUnknown : DatumGetTimestampTz(values[i]);
  }
  bool flag(int i) const { return !nulls[i] && DatumGetBool(values[i]); }
  void set(int i, calytics::core::Instant at) {
    nulls[i] = at == kUnknown;
    values[i] = TimestampTzGetDatum(at);
  }
};

// By position, as calytics.chain has it.
Placed booking_of(const ChainRow& row) {
  Placed booking;
  booking.root = bytes_of(DatumGetTextPP(row.values[1]));
  booking.created_at = row.instant(5);
  booking.starts_at = row.instant(17);
  booking.consultation = row.flag(22);
  booking.visit = !row.nulls[3] && bytes_of(DatumGetTextPP(row.values[4])) == "accepted" &&
                  !row.flag(26) && booking.starts_at != kUnknown;
  return booking;
}

}  // namespace

Datum calytics_placed_among(PG_FUNCTION_ARGS) {
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
    HeapTupleHeader header = DatumGetHeapTupleHeader(chains[i]);
    HeapTupleData tuple = {};
    tuple.t_len = HeapTupleHeaderGetDatumLength(header);
    tuple.t_data = header;
    heap_deform_tuple(&tuple, shape, rows[i].values, rows[i].nulls);
    bookings[i] = booking_of(rows[i]);
    placed[i] = &bookings[i];
  }
  calytics::core::place({placed, count}, {made, count});
  for (std::size_t i = 0; i < count; ++i) {
    rows[i].set(29, bookings[i].first_at);
    rows[i].set(30, bookings[i].previous_at);
    rows[i].set(31, bookings[i].next_created_at);
    rows[i].set(32, bookings[i].session_at);
    tuplestore_putvalues(result->setResult, result->setDesc, rows[i].values, rows[i].nulls);
  }
  return Datum{0};
}
