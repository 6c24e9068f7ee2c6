// The figures of a dashboard: each metric now, at the same part of the period before, and its
// change.

#include "glue/answers/board.hpp"

namespace calytics::glue {

namespace {

using core::Formula;
using core::Number;
using core::Role;

// As calytics.filled has it: 0 for a sum of nothing.
struct Side {
  Numeric value = nullptr;
  Numeric numerator = nullptr;
  Numeric denominator = nullptr;
};

Side side_of(const Board& board, std::size_t f, const Number* number) {
  const Formula::Kind kind = board.definitions.formulas[f].kind;
  Side side;
  if (!board.definitions.rows[f].known) return side;
  if (number != nullptr) {
    side.value = value_of(board.definitions, *number);
    if (kind != Formula::Kind::quantile) side.numerator = int64_to_numeric(number->above);
    if (kind == Formula::Kind::ratio) side.denominator = int64_to_numeric(number->below);
    return side;
  }
  if (kind == Formula::Kind::sum) side.value = board.zero;
  if (kind != Formula::Kind::quantile) side.numerator = board.zero;
  if (kind == Formula::Kind::ratio) side.denominator = board.zero;
  return side;
}

Numeric change(const Board& board, std::size_t f, Numeric value, Numeric previous) {
  if (value == nullptr || previous == nullptr) return nullptr;
  Numeric difference = numeric_sub_opt_error(value, previous, nullptr);
  if (board.definitions.rows[f].rate) return difference;
  const Datum none =
      DirectFunctionCall2(numeric_eq, NumericGetDatum(previous), NumericGetDatum(board.zero));
  return DatumGetBool(none) ? nullptr : numeric_div_opt_error(difference, previous, nullptr);
}

void write_figure(Board& board, std::size_t f, const Number* now, const Number* then) {
  const Side current = side_of(board, f, now);
  const Side previous = side_of(board, f, then);
  JsonWriter& json = board.json;
  json.begin_object();
  // In the order in which jsonb keeps keys, so that there is nothing to sort.
  for (auto [name, number] :
       {std::pair{"value", current.value},
        std::pair{"change", change(board, f, current.value, previous.value)},
        std::pair{"previous", previous.value}, std::pair{"numerator", current.numerator},
        std::pair{"denominator", current.denominator},
        std::pair{"previous_numerator", previous.numerator},
        std::pair{"previous_denominator", previous.denominator}}) {
    json.key(name);
    json.put(number);
  }
  json.end_object();
}

}  // namespace

void write_figures(Board& board, std::string_view currency) {
  JsonWriter& json = board.json;
  const Number* now = board.begin();
  const Number* then = board.first_of(Role::then);
  const Number* const now_end = then;
  const Number* const then_end = board.first_of(Role::series);
  json.begin_object();
  for (std::size_t f = 0; f < board.definitions.size; ++f) {
    const auto of = [f](const Number* n, const Number* end) { return n < end && n->formula == f; };
    json.key(board.metric(f));
    if (!board.definitions.formulas[f].per_currency) {
      const Number* current = of(now, now_end) ? now++ : nullptr;
      const Number* previous = of(then, then_end) ? then++ : nullptr;
      write_figure(board, f, current, previous);
      continue;
    }
    json.begin_object();
    if (!of(now, now_end) && !of(then, then_end) && !currency.empty()) {
      json.key(currency);
      write_figure(board, f, nullptr, nullptr);
    }
    while (of(now, now_end) || of(then, then_end)) {
      const auto held = [&](const Number* n, const Number* end, const Number* m,
                            const Number* m_end) {
        return of(n, end) &&
               (!of(m, m_end) || board.place(*n).currency <= board.place(*m).currency);
      };
      const bool in_now = held(now, now_end, then, then_end);
      const bool in_then = held(then, then_end, now, now_end);
      json.key(board.place(in_now ? *now : *then).currency);
      const Number* current = in_now ? now++ : nullptr;
      const Number* previous = in_then ? then++ : nullptr;
      write_figure(board, f, current, previous);
    }
    json.end_object();
  }
  json.end_object();
}

}  // namespace calytics::glue
