// calytics.forecast_ranges: a series of days to what the days ahead may bring.

#include "glue/pg/pg.hpp"

extern "C" {
#include "access/htup_details.h"
}

#include <array>
#include <cmath>

#include "core/metrics/forecast.hpp"

CALYTICS_SQL_FUNCTION(calytics_forecast_ranges);

namespace calytics::glue {

namespace {

struct Elements {
  Datum* values;
  std::size_t size;
};

Elements elements_of(ArrayType* array, Oid type, int16 width, bool by_value, char alignment) {
  Elements elements = {};
  bool* nulls = nullptr;
  int size = 0;
  deconstruct_array(array, type, width, by_value, alignment, &elements.values, &nulls, &size);
  for (int i = 0; i < size; ++i) {
    if (nulls[i])
      ereport(ERROR,
              (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("a day of a series is NULL")));
  }
  elements.size = static_cast<std::size_t>(size);
  return elements;
}

template <typename T>
std::span<T> room_for(std::size_t size) {
  return {static_cast<T*>(palloc0(sizeof(T) * (size + 1))), size};
}

Datum array_of(std::span<const core::ForecastRange> ranges, double core::ForecastRange::*part) {
  const std::span<Datum> values = room_for<Datum>(ranges.size());
  for (std::size_t i = 0; i < ranges.size(); ++i)
    values[i] = Float8GetDatum(ranges[i].*part);
  return PointerGetDatum(construct_array(values.data(), static_cast<int>(values.size()), FLOAT8OID,
                                         sizeof(float8), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
}

std::string_view name_of(core::ForecastOutcome outcome) {
  switch (outcome) {
    case core::ForecastOutcome::made:
      return "made";
    case core::ForecastOutcome::too_short:
      return "too short";
    case core::ForecastOutcome::too_far:
      return "out of reach";
  }
  return "";
}

// One column after another.
struct Row {
  std::array<Datum, 11> values = {};
  std::array<bool, 11> nulls = {};
  std::size_t size = 0;

  void put(Datum value, bool known = true) {
    values[size] = value;
    nulls[size++] = !known;
  }
  void put_number(double value) { put(Float8GetDatum(value), !std::isnan(value)); }
};

}  // namespace

}  // namespace calytics::glue

Datum calytics_forecast_ranges(PG_FUNCTION_ARGS) {
  using namespace calytics::glue;
  using calytics::core::ForecastRange;
  const Elements days = elements_of(PG_GETARG_ARRAYTYPE_P(0), FLOAT8OID, sizeof(float8),
                                    FLOAT8PASSBYVAL, TYPALIGN_DOUBLE);
  const Elements wanted =
      elements_of(PG_GETARG_ARRAYTYPE_P(2), INT4OID, sizeof(int32), true, TYPALIGN_INT);
  const std::span<double> history = room_for<double>(days.size);
  for (std::size_t i = 0; i < days.size; ++i)
    history[i] = DatumGetFloat8(days.values[i]);
  const std::span<std::size_t> lengths = room_for<std::size_t>(wanted.size);
  for (std::size_t i = 0; i < wanted.size; ++i)
    lengths[i] = static_cast<std::size_t>(DatumGetInt32(wanted.values[i]));
  const std::span<ForecastRange> ranges = room_for<ForecastRange>(wanted.size);
  const calytics::core::Forecast made =
      calytics::core::forecast({history, static_cast<std::size_t>(PG_GETARG_INT32(1)), lengths,
                                PG_GETARG_BOOL(3), PG_GETARG_FLOAT8(4)},
                               room_for<double>(2 * history.size()), ranges);

  TupleDesc shape = nullptr;
  if (get_call_result_type(fcinfo, nullptr, &shape) != TYPEFUNC_COMPOSITE) {
    ereport(ERROR, (errcode(ERRCODE_DATATYPE_MISMATCH),
                    errmsg("calytics.forecast_ranges must return a row")));
  }
  const bool is_made = made.outcome == calytics::core::ForecastOutcome::made;
  Row row;
  row.put(text_datum(name_of(made.outcome)));
  row.put(BoolGetDatum(made.scale == calytics::core::ForecastScale::root), is_made);
  row.put(Int32GetDatum(static_cast<int32>(made.season)), is_made);
  row.put(Int32GetDatum(static_cast<int32>(made.trial.folds)), is_made);
  row.put(Int32GetDatum(static_cast<int32>(made.trial.days)), is_made);
  row.put_number(made.trial.error);
  row.put_number(made.trial.naive_error);
  row.put_number(made.trial.coverage);
  row.put(array_of(ranges, &ForecastRange::value));
  row.put(array_of(ranges, &ForecastRange::low));
  row.put(array_of(ranges, &ForecastRange::high));
  PG_RETURN_DATUM(HeapTupleGetDatum(
      heap_form_tuple(BlessTupleDesc(shape), row.values.data(), row.nulls.data())));
}
