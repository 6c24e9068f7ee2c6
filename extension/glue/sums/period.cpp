#include "glue/sums/period.hpp"

extern "C" {
#include "access/htup_details.h"
#include "utils/typcache.h"
}

#include <array>

#include "glue/facts/zone.hpp"

CALYTICS_SQL_FUNCTION(calytics_period_at);
CALYTICS_SQL_FUNCTION(calytics_buckets);
CALYTICS_SQL_FUNCTION(calytics_hour_begins);

namespace calytics::glue {

namespace {

constexpr int kPeriodColumns = 5;

void raise_unless_ok(core::PeriodStatus status) {
  switch (status) {
    case core::PeriodStatus::ok:
      return;
    case core::PeriodStatus::out_of_range:
      ereport(ERROR,
              (errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE), errmsg("timestamp out of range")));
      break;
    case core::PeriodStatus::infinite:
      ereport(ERROR, (errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
                      errmsg("cannot subtract infinite timestamps")));
      break;
  }
}

core::Period custom_period(const PeriodAsked& asked, int back) {
  const TimestampTz from = DatumGetTimestampTz(asked.from.value);
  const TimestampTz to = DatumGetTimestampTz(asked.to.value);
  if (asked.from.isnull || asked.to.isnull || from >= to || TIMESTAMP_NOT_FINITE(from) ||
      TIMESTAMP_NOT_FINITE(to)) {
    ereport(ERROR,
            (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
             errmsg("a custom period needs \"from\" and \"to\", the first before the second"),
             errhint("For instance: \"from\" => '2026-01-01', \"to\" => '2026-02-01'.")));
  }
  core::Period period;
  raise_unless_ok(
      core::custom_period(from, to, DatumGetTimestampTz(asked.as_of.value), back, period));
  return period;
}

// As a time zone's name is given to SQL.
core::Clock clock_argument(FunctionCallInfo fcinfo, int argument) {
  return {local_time, instant_of, zone_named(PG_GETARG_TEXT_PP(argument))};
}

}  // namespace

core::Period period_at(const PeriodAsked& asked, int back, const core::Clock& clock,
                       int week_start) {
  if (asked.at.isnull || asked.as_of.isnull) {
    ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                    errmsg("metrics need a moment to be looked at"),
                    errhint("Leave \"at\" and \"as_of\" out for now.")));
  }
  const char* name = asked.name.isnull ? "<NULL>" : TextDatumGetCString(asked.name.value);
  if (!asked.name.isnull && strcmp(name, "custom") == 0) return custom_period(asked, back);
  core::Unit unit = core::Unit::none;
  if (!core::read_unit(name, unit) || unit == core::Unit::hour) {
    ereport(ERROR,
            (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("there is no period \"%s\"", name),
             errhint("Use day, week, month, quarter, year, or custom with \"from\" and "
                     "\"to\".")));
  }
  core::Period period;
  raise_unless_ok(core::calendar_period(unit, DatumGetTimestampTz(asked.at.value),
                                        DatumGetTimestampTz(asked.as_of.value), back, clock,
                                        week_start, period));
  return period;
}

core::Period period_of(HeapTupleHeader row) {
  std::array<Datum, kPeriodColumns> values;
  std::array<bool, kPeriodColumns> nulls;
  TupleDesc shape =
      lookup_rowtype_tupdesc(HeapTupleHeaderGetTypeId(row), HeapTupleHeaderGetTypMod(row));
  if (shape->natts != kPeriodColumns)
    ereport(ERROR, (errcode(ERRCODE_DATATYPE_MISMATCH), errmsg("this is no period")));
  HeapTupleData tuple = {};
  tuple.t_len = HeapTupleHeaderGetDatumLength(row);
  tuple.t_data = row;
  heap_deform_tuple(&tuple, shape, values.data(), nulls.data());
  ReleaseTupleDesc(shape);
  if (nulls[0] || nulls[1] || nulls[2] || nulls[3]) {
    ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("a period has no end")));
  }
  return {DatumGetTimestampTz(values[0]), DatumGetTimestampTz(values[1]),
          DatumGetTimestampTz(values[2]), DatumGetTimestampTz(values[3]),
          nulls[4] ? core::Unit::none : unit_named(bytes_of(DatumGetTextPP(values[4])))};
}

core::Unit unit_named(std::string_view name) {
  core::Unit unit = core::Unit::none;
  if (!name.empty() && !core::read_unit(name, unit)) {
    ereport(ERROR,
            (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("there is no such unit of time")));
  }
  return unit;
}

}  // namespace calytics::glue

Datum calytics_period_at(PG_FUNCTION_ARGS) {
  using namespace calytics;
  if (PG_ARGISNULL(5) || PG_ARGISNULL(6) || PG_ARGISNULL(7)) PG_RETURN_NULL();
  const core::Period period = glue::period_at(
      {fcinfo->args[0], fcinfo->args[1], fcinfo->args[2], fcinfo->args[3], fcinfo->args[4]},
      PG_GETARG_INT32(5), glue::clock_argument(fcinfo, 6), PG_GETARG_INT32(7));
  TupleDesc shape = nullptr;
  if (get_call_result_type(fcinfo, nullptr, &shape) != TYPEFUNC_COMPOSITE) {
    ereport(ERROR,
            (errcode(ERRCODE_DATATYPE_MISMATCH), errmsg("calytics.period_at must return a row")));
  }
  std::array<Datum, glue::kPeriodColumns> values = {
      TimestampTzGetDatum(period.starts_at), TimestampTzGetDatum(period.cut_at),
      TimestampTzGetDatum(period.ends_at), TimestampTzGetDatum(period.as_of),
      glue::text_datum(core::name_of(period.unit))};
  std::array<bool, glue::kPeriodColumns> nulls = {false, false, false, false,
                                                  period.unit == core::Unit::none};
  PG_RETURN_DATUM(
      HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(shape), values.data(), nulls.data())));
}

Datum calytics_buckets(PG_FUNCTION_ARGS) {
  using namespace calytics;
  InitMaterializedSRF(fcinfo, 0);
  auto* result = reinterpret_cast<ReturnSetInfo*>(fcinfo->resultinfo);
  const core::Period period = glue::period_of(PG_GETARG_HEAPTUPLEHEADER(0));
  const core::Clock clock = glue::clock_argument(fcinfo, 2);
  core::Buckets buckets(period, glue::unit_named(glue::bytes_of(PG_GETARG_TEXT_PP(1))), clock,
                        PG_GETARG_INT32(3));
  core::Bucket bucket;
  while (buckets.next(bucket)) {
    std::array<Datum, 3> values = {TimestampGetDatum(bucket.local),
                                   TimestampTzGetDatum(bucket.starts_at),
                                   TimestampTzGetDatum(bucket.ends_at)};
    std::array<bool, 3> nulls = {};
    tuplestore_putvalues(result->setResult, result->setDesc, values.data(), nulls.data());
    CHECK_FOR_INTERRUPTS();
  }
  return Datum{0};
}

Datum calytics_hour_begins(PG_FUNCTION_ARGS) {
  PG_RETURN_TIMESTAMPTZ(
      calytics::glue::clock_argument(fcinfo, 1).hour_begins(PG_GETARG_TIMESTAMP(0)));
}
