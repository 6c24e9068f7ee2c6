// calytics.evaluate_formulas: reads PostgreSQL's arrays of rows, has them evaluated, and returns a
// row for each number.

#include "glue/pg/pg.hpp"

#include "core/metrics/dashboard.hpp"
#include "glue/answers/formulas.hpp"

CALYTICS_SQL_FUNCTION(calytics_evaluate_formulas);

using calytics::core::Formula;
using calytics::core::Number;
using calytics::core::Sums;
using calytics::glue::Definitions;
using calytics::glue::Numbers;
using calytics::glue::Row;
using calytics::glue::Rows;
using calytics::glue::text_argument;

Datum calytics_evaluate_formulas(PG_FUNCTION_ARGS) {
  InitMaterializedSRF(fcinfo, 0);
  auto* result = reinterpret_cast<ReturnSetInfo*>(fcinfo->resultinfo);
  const Rows metric_rows = calytics::glue::rows_argument(fcinfo, 0);
  const Rows sums_rows = calytics::glue::rows_argument(fcinfo, 1);
  if (metric_rows.size == 0 || sums_rows.size == 0) return Datum{0};
  const Definitions definitions = calytics::glue::definitions_of(
      metric_rows, {text_argument(fcinfo, 2), text_argument(fcinfo, 3), PG_GETARG_BOOL(4),
                    PG_GETARG_BOOL(5), PG_GETARG_BOOL(6)});
  const auto size = static_cast<std::size_t>(sums_rows.size);
  auto* sums =
      static_cast<Sums*>(MemoryContextAllocHuge(CurrentMemoryContext, sizeof(Sums) * size));
  for (int i = 0; i < sums_rows.size; ++i) {
    const Row row = sums_rows.at(i);
    sums[i] = calytics::glue::sums_of(row);
    if (!calytics::core::read_role(row.bytes(0), sums[i].role)) {
      ereport(ERROR,
              (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("no metrics have this role")));
    }
  }

  const Numbers numbers = calytics::glue::numbers_of(definitions, sums, size);
  for (std::size_t i = 0; i < numbers.size; ++i) {
    const Number& number = numbers.numbers[i];
    const Formula& formula = definitions.formulas[number.formula];
    const Row place = sums_rows.at(static_cast<int>(number.sums));
    Numeric value = calytics::glue::value_of(definitions, number);
    std::array<Datum, 10> values = {definitions.rows[number.formula].metric,
                                    definitions.rows[number.formula].basis,
                                    place.values[0],
                                    place.values[3],
                                    place.values[4],
                                    place.values[5],
                                    place.values[6],
                                    NumericGetDatum(value),
                                    Int64GetDatum(number.above),
                                    Int64GetDatum(number.below)};
    std::array<bool, 10> nulls = {false,
                                  false,
                                  place.nulls[0],
                                  place.nulls[3],
                                  place.nulls[4],
                                  place.nulls[5],
                                  !formula.per_currency || place.nulls[6],
                                  value == nullptr,
                                  formula.kind == Formula::Kind::quantile,
                                  formula.kind != Formula::Kind::ratio};
    tuplestore_putvalues(result->setResult, result->setDesc, values.data(), nulls.data());
  }
  return Datum{0};
}
