#include "glue/answers/formulas.hpp"

#include "glue/sums/tally.hpp"

namespace calytics::glue {

namespace {

using core::Formula;

// As calytics.measure has the cells of by_calendar: one after the other.
std::int32_t step_of(std::string_view unit) {
  constexpr std::array<std::string_view, 5> units = {"day", "week", "month", "quarter", "year"};
  for (std::size_t i = 0; i < units.size(); ++i) {
    if (units[i] == unit) return static_cast<std::int32_t>(i);
  }
  return -1;
}

std::uint32_t parts_of(std::string_view basis, std::string_view window, bool same_windows) {
  if (window == "ended") return core::part_of(basis, "period") | core::part_of(basis, "unfinished");
  std::uint32_t parts = core::part_of(basis, window);
  if (window == "converted" && same_windows) parts |= core::part_of(basis, "matured");
  return parts;
}

template <typename T>
T* room_for(std::size_t count) {
  return static_cast<T*>(MemoryContextAllocHuge(CurrentMemoryContext, sizeof(T) * count));
}

// The middle of a bin of core::lead_bin, within 1.6 % of any value in it.
std::int64_t middle_of(std::int32_t bin) {
  if (bin < 64) return bin;
  const int octave = (bin - 64) / 32;
  const std::int64_t width = std::int64_t{2} << octave;
  return (std::int64_t{64} << octave) + (bin - 64) % 32 * width + width / 2;
}

}  // namespace

Definitions definitions_of(const Rows& metrics, const Occasion& occasion) {
  Definitions result;
  result.size = static_cast<std::size_t>(metrics.size);
  result.formulas = room_for<Formula>(result.size);
  result.rows = room_for<Definition>(result.size);
  const std::int32_t step = step_of(occasion.calendar_unit);
  for (int i = 0; i < metrics.size; ++i) {
    const Row row = metrics.at(i);
    const std::string_view kind = row.bytes(4);
    const bool by_calendar = row.flag(10);
    const std::string_view known_by = row.bytes(11);
    const std::string_view window = row.bytes(13);
    const bool by_basis = !occasion.basis.empty() && holds(row.values[15], occasion.basis);

    Definition definition;
    definition.metric = row.values[0];
    definition.basis = by_basis ? text_datum(occasion.basis) : row.values[14];
    definition.factor = DatumGetInt32(row.values[8]);
    definition.rate = row.bytes(3) == "rate";
    definition.upcoming = window == "upcoming";
    definition.known = (!by_calendar || step >= 0) &&
                       (known_by != "payment" || occasion.tells_payments) &&
                       (known_by != "refund" || occasion.tells_refunds);
    result.rows[i] = definition;

    Formula formula;
    formula.kind = kind == "sum"     ? Formula::Kind::sum
                   : kind == "ratio" ? Formula::Kind::ratio
                                     : Formula::Kind::quantile;
    if (definition.known)
      formula.parts =
          parts_of(by_basis ? occasion.basis : row.bytes(14), window, occasion.same_windows);
    formula.per_currency = row.flag(12);
    formula.in_series = formula.in_tables = true;
    formula.quantile = row.nulls[9] ? 0 : DatumGetFloat8(row.values[9]);
    formula.shift = by_calendar ? step : 0;
    formula.above = row.bytes(5);
    if (formula.kind == Formula::Kind::quantile) {
      core::TallyReader first(formula.above);
      if (first.next()) formula.first_bin = first.index();
    }
    formula.below = row.bytes(6);
    formula.otherwise = row.bytes(7);
    result.formulas[i] = formula;
  }
  return result;
}

Numbers numbers_of(const Definitions& definitions, const core::Sums* sums, std::size_t size) {
  const core::Workspace work = {room_for<std::uint32_t>(size), room_for<core::Cell>(size),
                                room_for<std::int64_t>(size * core::kMeasures)};
  Numbers result;
  result.numbers = room_for<core::Number>(definitions.size * size);
  raise_unless_ok(core::evaluate({definitions.formulas, definitions.size}, {sums, size}, work,
                                 result.numbers, result.size));
  return result;
}

Numeric value_of(const Definitions& definitions, const core::Number& number) {
  switch (definitions.formulas[number.formula].kind) {
    case Formula::Kind::sum:
      return int64_to_numeric(number.above);
    case Formula::Kind::ratio: {
      if (number.below == 0) return nullptr;
      Numeric above = int64_to_numeric(number.above);
      const std::int32_t factor = definitions.rows[number.formula].factor;
      if (factor != 1) above = numeric_mul_opt_error(above, int64_to_numeric(factor), nullptr);
      return numeric_div_opt_error(above, int64_to_numeric(number.below), nullptr);
    }
    case Formula::Kind::quantile:
      return number.bin < 0 ? nullptr : int64_to_numeric(middle_of(number.bin));
  }
  return nullptr;
}

core::Sums sums_of(const Row& row) {
  core::Sums sums;
  sums.part = core::part_of(row.bytes(1), row.bytes(2));
  sums.at = row.time(3);
  sums.service = row.bytes(4);
  sums.host = row.bytes(5);
  sums.currency = row.bytes(6);
  sums.counts = row.bytes(7);
  return sums;
}

}  // namespace calytics::glue
