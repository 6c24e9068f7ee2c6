// Takes rows of calytics.chain and calytics.source apart, and says what local clocks show.

#include "glue/facts/fact.hpp"

extern "C" {
#include "parser/scansup.h"
#include "utils/datetime.h"
#include "utils/fmgrprotos.h"
#include "utils/typcache.h"
}

#include <algorithm>

#include "core/time/local_time.hpp"

namespace calytics::glue {
namespace {

using core::Fact;
using core::Instant;
using core::Payment;
using core::Rules;

// The columns of a row, which may be NULL.
struct Fields {
  const Datum* values;
  const bool* nulls;

  bool has(int i) const { return !nulls[i]; }
  bool flag(int i) const { return has(i) && DatumGetBool(values[i]); }
  std::int32_t int4(int i) const { return has(i) ? DatumGetInt32(values[i]) : 0; }
  std::int64_t int8(int i) const { return has(i) ? DatumGetInt64(values[i]) : 0; }
  Instant instant(int i) const { return has(i) ? DatumGetTimestampTz(values[i]) : core::kUnknown; }
  std::string_view bytes(int i) const {
    return has(i) ? bytes_of(PG_DETOAST_DATUM_PACKED(values[i])) : std::string_view{};
  }
  // A day has 24 hours and a month 30 days, as where intervals are compared.
  std::int64_t span(int i) const {
    if (!has(i)) return 0;
    const Interval* interval = DatumGetIntervalP(values[i]);
    const __int128 days = interval->day + static_cast<__int128>(interval->month) * DAYS_PER_MONTH;
    const __int128 sum = interval->time + days * USECS_PER_DAY;
    return static_cast<std::int64_t>(std::clamp<__int128>(sum, PG_INT64_MIN, PG_INT64_MAX));
  }
};

void take_apart(HeapTupleHeader row, int columns, Datum* values, bool* nulls) {
  TupleDesc shape =
      lookup_rowtype_tupdesc(HeapTupleHeaderGetTypeId(row), HeapTupleHeaderGetTypMod(row));
  if (shape->natts != columns) {
    ereport(ERROR, (errcode(ERRCODE_DATATYPE_MISMATCH),
                    errmsg("a row has %d columns in place of %d", shape->natts, columns)));
  }
  HeapTupleData tuple = {};
  tuple.t_len = HeapTupleHeaderGetDatumLength(row);
  tuple.t_data = row;
  heap_deform_tuple(&tuple, shape, values, nulls);
  ReleaseTupleDesc(shape);
}

std::span<const Instant> instants_of(const Fields& row, int column) {
  if (!row.has(column)) return {};
  ArrayType* array = DatumGetArrayTypeP(row.values[column]);
  const int size = ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array));
  if (size == 0) return {};
  if (ARR_HASNULL(array) || ARR_ELEMTYPE(array) != TIMESTAMPTZOID) {
    ereport(ERROR, (errcode(ERRCODE_DATA_CORRUPTED), errmsg("a fact's times are no times")));
  }
  return {reinterpret_cast<const Instant*>(ARR_DATA_PTR(array)), static_cast<std::size_t>(size)};
}

// By position, as calytics.payment has it.
std::span<const Payment> payments_of(const Fields& row, int column) {
  constexpr int columns = 7;
  if (!row.has(column)) return {};
  ArrayType* array = DatumGetArrayTypeP(row.values[column]);
  if (ARR_NDIM(array) == 0) return {};
  Datum* rows = nullptr;
  bool* absent = nullptr;
  int size = 0;
  deconstruct_array(array, ARR_ELEMTYPE(array), -1, false, TYPALIGN_DOUBLE, &rows, &absent, &size);
  auto* payments = static_cast<Payment*>(palloc0(sizeof(Payment) * static_cast<std::size_t>(size)));
  std::size_t count = 0;
  for (int i = 0; i < size; ++i) {
    if (absent[i]) continue;
    Datum values[columns];
    bool nulls[columns];
    take_apart(DatumGetHeapTupleHeader(rows[i]), columns, values, nulls);
    const Fields entry = {values, nulls};
    payments[count++] = {entry.bytes(3) == "refund", entry.int8(4), entry.bytes(5),
                         entry.instant(6)};
  }
  return {payments, count};
}

}  // namespace

Fact fact_of(const Datum* values, const bool* nulls) {
  const Fields row = {values, nulls};
  Fact fact;
  fact.has_customer = row.has(3);
  fact.status = row.bytes(4);
  fact.created_at = row.instant(5);
  fact.legs = row.int4(6);
  fact.hopped_at = instants_of(row, 7);
  fact.hops = row.int4(8);
  fact.confirmed_at = row.instant(9);
  fact.cancelled_at = row.instant(10);
  fact.cancelled_by = row.bytes(11);
  fact.has_notice = row.has(12);
  fact.notice = row.span(12);
  fact.withdrawn = row.flag(13);
  fact.rejected_at = row.instant(14);
  fact.awaiting_at = row.instant(15);
  fact.paid_at = row.instant(16);
  fact.starts_at = row.instant(17);
  fact.ended_at = row.instant(18);
  fact.minutes = row.int8(19);
  fact.has_lead = row.has(20);
  fact.lead = row.int8(20);
  fact.service = row.bytes(21);
  fact.consultation = row.flag(22);
  fact.host = row.bytes(23);
  fact.has_price = row.has(24);
  fact.price = row.int8(24);
  fact.currency = row.bytes(25);
  fact.no_show = row.flag(26);
  fact.host_no_show = row.flag(27);
  fact.entries = payments_of(row, 28);
  fact.first_at = row.instant(29);
  fact.previous_at = row.instant(30);
  fact.next_created_at = row.instant(31);
  fact.session_at = row.instant(32);
  return fact;
}

Fact fact_of(HeapTupleHeader chain) {
  Datum values[kChainColumns];
  bool nulls[kChainColumns];
  take_apart(chain, kChainColumns, values, nulls);
  return fact_of(values, nulls);
}

Rules rules_of(const Datum* values, const bool* nulls) {
  const Fields row = {values, nulls};
  Rules rules;
  rules.zone = zone_named(DatumGetTextPP(values[2]));
  rules.local = local_time;
  rules.week_start = row.int4(4);
  rules.late_notice = row.span(5);
  rules.lapse_after = row.span(6);
  rules.rebook_within = row.span(7);
  rules.convert_within = row.span(8);
  return rules;
}

Rules rules_of(HeapTupleHeader source) {
  Datum values[kSourceColumns];
  bool nulls[kSourceColumns];
  take_apart(source, kSourceColumns, values, nulls);
  return rules_of(values, nulls);
}

const Zone* zone_named(const text* name) {
  char* spelled = text_to_cstring(name);
  char* folded = downcase_truncate_identifier(spelled, static_cast<int>(strlen(spelled)), false);
  auto* zone = static_cast<Zone*>(palloc0(sizeof(Zone)));
  zone->name = cstring_to_text(spelled);
  int offset = 0;
  pg_tz* dynamic = nullptr;
  const int kind = DecodeTimezoneAbbrev(0, folded, &offset, &dynamic);
  if (kind == TZ || kind == DTZ) {
    zone->fixed = true;
    zone->offset = offset * USECS_PER_SEC;
  } else if (kind != DYNTZ) {
    zone->zone = pg_tzset(spelled);
    if (zone->zone == nullptr) {
      ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                      errmsg("time zone \"%s\" not recognized", spelled)));
    }
  }
  return zone;
}

std::int64_t local_time(const void* zone, Instant at) {
  constexpr std::int64_t epochs_apart =
      (POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) * static_cast<std::int64_t>(SECS_PER_DAY);
  const auto& place = *static_cast<const Zone*>(zone);
  if (TIMESTAMP_NOT_FINITE(at)) return at;
  if (place.fixed) return at + place.offset;
  if (place.zone == nullptr) {
    return DatumGetTimestamp(DirectFunctionCall2(timestamptz_zone, PointerGetDatum(place.name),
                                                 TimestampTzGetDatum(at)));
  }
  const pg_time_t seconds = at / USECS_PER_SEC - (at % USECS_PER_SEC < 0 ? 1 : 0) + epochs_apart;
  const pg_tm* clock = pg_localtime(&seconds, place.zone);
  if (clock == nullptr) {
    ereport(ERROR,
            (errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE), errmsg("timestamp out of range")));
  }
  return at + clock->tm_gmtoff * USECS_PER_SEC;
}

}  // namespace calytics::glue
