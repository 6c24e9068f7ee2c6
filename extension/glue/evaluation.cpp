// calytics.evaluate_formulas: reads PostgreSQL's arrays of rows, has them evaluated, and does the
// one division of each metric in numeric, so that its digits are those of SQL.

#include "pg.hpp"

#include "tally.hpp"

extern "C" {
#include "utils/lsyscache.h"
#include "utils/numeric.h"
#include "utils/typcache.h"
}

#include <array>

#include "core/evaluation.hpp"

CALYTICS_SQL_FUNCTION(calytics_evaluate_formulas);

namespace {

using calytics::core::Formula;
using calytics::core::Number;
using calytics::core::Sums;
using calytics::glue::bytes_of;

// One row of an array of rows, taken apart.
struct Row {
  static constexpr int most = 16;
  std::array<Datum, most> values;
  std::array<bool, most> nulls;

  std::string_view bytes(int column) const {
    const auto i = static_cast<std::size_t>(column);
    return nulls[i] ? std::string_view{} : bytes_of(PG_DETOAST_DATUM_PACKED(values[i]));
  }
  bool flag(int column) const {
    const auto i = static_cast<std::size_t>(column);
    return !nulls[i] && DatumGetBool(values[i]);
  }
};

struct Rows {
  Datum* rows = nullptr;
  int size = 0;
  TupleDesc shape = nullptr;

  Row at(int i) const {
    Row row;
    HeapTupleHeader header = DatumGetHeapTupleHeader(rows[i]);
    HeapTupleData tuple = {};
    tuple.t_len = HeapTupleHeaderGetDatumLength(header);
    tuple.t_data = header;
    heap_deform_tuple(&tuple, shape, row.values.data(), row.nulls.data());
    return row;
  }
};

Rows rows_argument(FunctionCallInfo fcinfo, int argument) {
  if (PG_ARGISNULL(argument)) return {};
  ArrayType* array = PG_GETARG_ARRAYTYPE_P(argument);
  Rows result;
  bool* nulls = nullptr;
  deconstruct_array(array, ARR_ELEMTYPE(array), -1, false, TYPALIGN_DOUBLE, &result.rows, &nulls,
                    &result.size);
  result.shape = lookup_rowtype_tupdesc_copy(ARR_ELEMTYPE(array), -1);
  if (result.shape->natts > Row::most) {
    ereport(ERROR,
            (errcode(ERRCODE_DATATYPE_MISMATCH), errmsg("these rows have too many columns")));
  }
  return result;
}

// By position, as calytics.formula has it.
Formula formula_of(const Row& row) {
  Formula formula;
  const std::string_view kind = row.bytes(2);
  formula.kind = kind == "sum"     ? Formula::Kind::sum
                 : kind == "ratio" ? Formula::Kind::ratio
                                   : Formula::Kind::quantile;
  formula.basis = row.bytes(1);
  formula.window = row.bytes(5);
  formula.besides = row.bytes(6);
  formula.per_currency = row.flag(7);
  formula.in_series = row.flag(8);
  formula.in_tables = row.flag(9);
  formula.quantile = row.nulls[4] ? 0 : DatumGetFloat8(row.values[4]);
  formula.above = row.bytes(10);
  formula.below = row.bytes(11);
  formula.otherwise = row.bytes(12);
  return formula;
}

// By position, as calytics.sums has it.
Sums sums_of(const Row& row) {
  return {row.bytes(0), row.bytes(1),
          row.bytes(2), row.nulls[3] ? PG_INT64_MIN : DatumGetTimestamp(row.values[3]),
          row.bytes(4), row.bytes(5),
          row.bytes(6), row.bytes(7)};
}

Datum ratio(std::int64_t above, std::int32_t factor, std::int64_t below) {
  const Datum product = DirectFunctionCall2(numeric_mul, NumericGetDatum(int64_to_numeric(above)),
                                            NumericGetDatum(int64_to_numeric(factor)));
  return DirectFunctionCall2(numeric_div, product, NumericGetDatum(int64_to_numeric(below)));
}

// The middle of a bin of calytics.lead_bin, within 1.6 % of any lead time in it.
std::int64_t minutes_of(std::int32_t bin) {
  if (bin < 64) return bin;
  const int octave = (bin - 64) / 32;
  const std::int64_t width = std::int64_t{2} << octave;
  return (std::int64_t{64} << octave) + (bin - 64) % 32 * width + width / 2;
}

}  // namespace

Datum calytics_evaluate_formulas(PG_FUNCTION_ARGS) {
  InitMaterializedSRF(fcinfo, 0);
  auto* result = reinterpret_cast<ReturnSetInfo*>(fcinfo->resultinfo);
  const Rows formula_rows = rows_argument(fcinfo, 0);
  const Rows sums_rows = rows_argument(fcinfo, 1);
  const bool scoped = PG_GETARG_BOOL(2);
  const auto formula_count = static_cast<std::size_t>(formula_rows.size);
  const auto sums_count = static_cast<std::size_t>(sums_rows.size);
  if (formula_count == 0 || sums_count == 0) return Datum{0};

  auto* formulas = static_cast<Formula*>(palloc(sizeof(Formula) * formula_count));
  auto* factors = static_cast<std::int32_t*>(palloc(sizeof(std::int32_t) * formula_count));
  auto* names = static_cast<Datum*>(palloc(sizeof(Datum) * formula_count));
  auto* bases = static_cast<Datum*>(palloc(sizeof(Datum) * formula_count));
  for (int i = 0; i < formula_rows.size; ++i) {
    const Row row = formula_rows.at(i);
    formulas[i] = formula_of(row);
    names[i] = row.values[0];
    bases[i] = row.values[1];
    factors[i] = DatumGetInt32(row.values[3]);
  }
  auto* sums = static_cast<Sums*>(palloc(sizeof(Sums) * sums_count));
  for (int i = 0; i < sums_rows.size; ++i)
    sums[i] = sums_of(sums_rows.at(i));

  auto* order = static_cast<std::uint32_t*>(palloc(sizeof(std::uint32_t) * sums_count));
  auto* dense = static_cast<std::int64_t*>(MemoryContextAllocHuge(
      CurrentMemoryContext, sizeof(std::int64_t) * sums_count * calytics::core::kMeasures));
  auto* numbers = static_cast<Number*>(
      MemoryContextAllocHuge(CurrentMemoryContext, sizeof(Number) * formula_count * sums_count));
  std::size_t size = 0;
  calytics::glue::raise_unless_ok(calytics::core::evaluate(
      {formulas, formula_count}, {sums, sums_count}, scoped, order, dense, numbers, size));

  for (std::size_t i = 0; i < size; ++i) {
    const Number& number = numbers[i];
    const Formula& formula = formulas[number.formula];
    const Row place = sums_rows.at(static_cast<int>(number.sums));
    std::array<Datum, 10> values = {names[number.formula],
                                    bases[number.formula],
                                    place.values[0],
                                    place.values[3],
                                    place.values[4],
                                    place.values[5],
                                    place.values[6],
                                    Datum{0},
                                    Int64GetDatum(number.above),
                                    Int64GetDatum(number.below)};
    std::array<bool, 10> nulls = {false,
                                  false,
                                  place.nulls[0],
                                  place.nulls[3],
                                  place.nulls[4],
                                  place.nulls[5],
                                  !formula.per_currency || place.nulls[6],
                                  false,
                                  formula.kind == Formula::Kind::quantile,
                                  formula.kind != Formula::Kind::ratio};
    switch (formula.kind) {
      case Formula::Kind::sum:
        values[7] = NumericGetDatum(int64_to_numeric(number.above));
        break;
      case Formula::Kind::ratio:
        nulls[7] = number.below == 0;
        if (!nulls[7]) values[7] = ratio(number.above, factors[number.formula], number.below);
        break;
      case Formula::Kind::quantile:
        nulls[7] = number.bin < 0;
        if (!nulls[7]) values[7] = NumericGetDatum(int64_to_numeric(minutes_of(number.bin)));
        break;
    }
    tuplestore_putvalues(result->setResult, result->setDesc, values.data(), nulls.data());
  }
  return Datum{0};
}
