// calytics.chain_of: rows of calytics.booking in, a row of calytics.chain out, both by position of
// their columns.

#include "glue/pg/pg.hpp"

extern "C" {
#include "access/htup_details.h"
#include "catalog/pg_collation.h"
#include "utils/fmgrprotos.h"
#include "utils/lsyscache.h"
#include "utils/typcache.h"
}

#include <algorithm>

#include "core/booking/chain.hpp"
#include "glue/facts/chain_rows.hpp"

CALYTICS_SQL_FUNCTION(calytics_chain_of);

namespace calytics::glue {

namespace {

using core::Chain;
using core::Instant;
using core::Integer;
using core::kUnknown;
using core::Leg;
using core::Text;

constexpr int kCustomer = 28;

struct BookingRow {
  const Datum* values;
  const bool* nulls;

  Instant instant(int i) const { return nulls[i] ? kUnknown : DatumGetTimestampTz(values[i]); }
  std::int32_t int4(int i) const { return nulls[i] ? 0 : DatumGetInt32(values[i]); }
  Integer integer(int i) const { return nulls[i] ? Integer{} : Integer{DatumGetInt64(values[i])}; }
  Text words(int i) const { return nulls[i] ? Text{} : Text{bytes_of(DatumGetTextPP(values[i]))}; }
};

Leg leg_of(const LegRow& of) {
  const BookingRow row = {of.values, of.nulls};
  Leg leg;
  leg.uid = row.words(1).value_or("");
  leg.root_uid = row.words(4).value_or("");
  leg.hops = row.int4(5);
  leg.status = row.words(8).value_or("");
  leg.created_at = row.instant(9);
  leg.accepted_at = row.instant(10);
  leg.rejected_at = row.instant(11);
  leg.awaiting_at = row.instant(12);
  leg.cancelled_at = row.instant(13);
  leg.cancelled_by = row.words(14);
  leg.paid_at = row.instant(15);
  leg.starts_at = row.instant(17);
  leg.ends_at = row.instant(18);
  leg.event_type = row.integer(20);
  leg.service = row.words(21);
  leg.price = row.integer(22);
  leg.currency = row.words(23);
  leg.host_id = row.integer(25);
  leg.host = row.words(26);
  leg.has_customer = !row.nulls[kCustomer];
  leg.seats = row.int4(30);
  leg.no_shows = row.int4(31);
  leg.host_no_show = !row.nulls[35] && DatumGetBool(row.values[35]);
  return leg;
}

// The columns of calytics.chain being filled, NULL until set.
struct Filled {
  Datum values[kChainColumns];
  bool nulls[kChainColumns];

  void set(int i, Datum value) {
    values[i] = value;
    nulls[i] = false;
  }
  void set(int i, Instant at) {
    if (at != kUnknown) set(i, TimestampTzGetDatum(at));
  }
  void set(int i, const Text& text) {
    if (text) set(i, text_datum(*text));
  }
  void set_key(int i, const Integer& id, const Text& name) {
    char digits[MAXINT8LEN + 1];
    if (id) {
      set(i, text_datum({digits, static_cast<std::size_t>(pg_lltoa(*id, digits))}));
    } else {
      set(i, text_datum(name.value_or("")));
    }
  }
};

bool is_consultation(const Text& service, Datum pattern) {
  return service && DatumGetBool(DirectFunctionCall2Coll(texticregexeq, C_COLLATION_OID,
                                                         text_datum(*service), pattern));
}

}  // namespace

ChainShapes chain_shapes(Oid booking, Oid chain) {
  ChainShapes shapes = {lookup_rowtype_tupdesc_copy(booking, -1),
                        lookup_rowtype_tupdesc_copy(chain, -1), InvalidOid};
  if (shapes.chain->natts != kChainColumns || shapes.booking->natts != kBookingColumns) {
    ereport(ERROR, (errcode(ERRCODE_DATATYPE_MISMATCH),
                    errmsg("calytics.booking or calytics.chain are not as they were built")));
  }
  shapes.payment = get_element_type(TupleDescAttr(shapes.chain, 28)->atttypid);
  return shapes;
}

LegRow leg_row(const ChainShapes& shapes, Datum booking) {
  LegRow row;
  HeapTupleHeader header = DatumGetHeapTupleHeader(booking);
  HeapTupleData tuple = {};
  tuple.t_len = HeapTupleHeaderGetDatumLength(header);
  tuple.t_data = header;
  heap_deform_tuple(&tuple, shapes.booking, row.values, row.nulls);
  return row;
}

Datum chain_of(const ChainShapes& shapes, const LegRow* rows, std::size_t count,
               NullableDatum entries, NullableDatum pattern) {
  auto* legs = static_cast<Leg*>(palloc(sizeof(Leg) * count));
  auto* hops = static_cast<Instant*>(palloc(sizeof(Instant) * count));
  for (std::size_t i = 0; i < count; ++i)
    legs[i] = leg_of(rows[i]);
  const Chain chain = core::chain_of({legs, count}, {hops, count});

  Filled result;
  std::fill(std::begin(result.nulls), std::end(result.nulls), true);
  result.set(0, rows[0].values[0]);
  result.set(1, rows[0].values[4]);
  result.set(2, rows[0].values[1]);
  if (chain.customer_of != nullptr) result.set(3, rows[chain.customer_of - legs].values[kCustomer]);
  result.set(4, rows[0].values[8]);
  result.set(5, chain.created_at);
  result.set(6, Int32GetDatum(chain.legs));
  auto* hopped = static_cast<Datum*>(palloc(sizeof(Datum) * count));
  for (std::size_t i = 0; i < chain.hopped_at.size(); ++i)
    hopped[i] = TimestampTzGetDatum(chain.hopped_at[i]);
  result.set(7, PointerGetDatum(construct_array(hopped, static_cast<int>(chain.hopped_at.size()),
                                                TIMESTAMPTZOID, sizeof(TimestampTz),
                                                FLOAT8PASSBYVAL, TYPALIGN_DOUBLE)));
  result.set(8, Int32GetDatum(chain.hops));
  result.set(9, chain.confirmed_at);
  result.set(10, chain.cancelled_at);
  result.set(11, chain.cancelled_by);
  if (chain.has_notice)
    result.set(12, DirectFunctionCall2(timestamp_mi, TimestampTzGetDatum(chain.starts_at),
                                       TimestampTzGetDatum(chain.cancelled_at)));
  result.set(13, BoolGetDatum(chain.withdrawn));
  result.set(14, chain.rejected_at);
  result.set(15, chain.awaiting_at);
  result.set(16, chain.paid_at);
  result.set(17, chain.starts_at);
  result.set(18, chain.ended_at);
  result.set(19, Int64GetDatum(chain.minutes));
  if (chain.lead) result.set(20, Int64GetDatum(*chain.lead));
  result.set_key(21, chain.event_type, chain.service_key);
  result.set(22, BoolGetDatum(!pattern.isnull && is_consultation(chain.service, pattern.value)));
  result.set_key(23, chain.host_id, chain.host);
  if (chain.price) result.set(24, Int64GetDatum(*chain.price));
  result.set(25, text_datum(chain.currency.value_or("")));
  result.set(26, BoolGetDatum(chain.no_show));
  result.set(27, BoolGetDatum(chain.host_no_show));
  result.set(
      28, entries.isnull ? PointerGetDatum(construct_empty_array(shapes.payment)) : entries.value);
  return HeapTupleGetDatum(heap_form_tuple(shapes.chain, result.values, result.nulls));
}

}  // namespace calytics::glue

Datum calytics_chain_of(PG_FUNCTION_ARGS) {
  using namespace calytics::glue;
  if (PG_ARGISNULL(0)) PG_RETURN_NULL();
  ArrayType* array = PG_GETARG_ARRAYTYPE_P(0);
  if (fcinfo->flinfo->fn_extra == nullptr) {
    // Looked up once a statement.
    MemoryContext before = MemoryContextSwitchTo(fcinfo->flinfo->fn_mcxt);
    auto* looked_up = static_cast<ChainShapes*>(palloc(sizeof(ChainShapes)));
    *looked_up = chain_shapes(ARR_ELEMTYPE(array), get_fn_expr_rettype(fcinfo->flinfo));
    fcinfo->flinfo->fn_extra = looked_up;
    MemoryContextSwitchTo(before);
  }
  const auto& shapes = *static_cast<const ChainShapes*>(fcinfo->flinfo->fn_extra);
  Datum* bookings = nullptr;
  int size = 0;
  deconstruct_array(array, ARR_ELEMTYPE(array), -1, false, TYPALIGN_DOUBLE, &bookings, nullptr,
                    &size);
  if (size == 0) PG_RETURN_NULL();
  const auto count = static_cast<std::size_t>(size);
  auto* legs = static_cast<LegRow*>(palloc(sizeof(LegRow) * count));
  for (std::size_t i = 0; i < count; ++i)
    legs[i] = leg_row(shapes, bookings[i]);
  PG_RETURN_DATUM(chain_of(shapes, legs, count, fcinfo->args[1], fcinfo->args[2]));
}
