// The tables of a dashboard, by service and by host: a line each, the busiest first.

#include "glue/answers/board.hpp"

extern "C" {
#include "catalog/pg_collation.h"
#include "utils/varlena.h"
}

namespace calytics::glue {

namespace {

using core::Number;
using core::Role;
using core::Sums;

// A line of a table, with what orders it.
struct Line {
  const Number* first = nullptr;
  const Number* last = nullptr;
  std::string_view name;
  std::int64_t completed = PG_INT64_MIN;
  std::int64_t created = PG_INT64_MIN;
};

bool busier(const Line& a, const Line& b) {
  if (a.completed != b.completed) return a.completed > b.completed;
  if (a.created != b.created) return a.created > b.created;
  return varstr_cmp(a.name.data(), static_cast<int>(a.name.size()), b.name.data(),
                    static_cast<int>(b.name.size()), DEFAULT_COLLATION_OID) < 0;
}

}  // namespace

void write_table(Board& board, Role role) {
  const Number* number = board.first_of(role);
  const Number* const end = role == Role::service ? board.first_of(Role::host) : board.end();
  auto* lines =
      static_cast<Line*>(palloc(sizeof(Line) * static_cast<std::size_t>(end - number + 1)));
  std::size_t size = 0;
  for (; number < end; ++number) {
    const Sums& place = board.place(*number);
    const std::string_view name = role == Role::service ? place.service : place.host;
    if (size == 0 || lines[size - 1].name != name) {
      lines[size] = Line{};
      lines[size].first = number;
      lines[size++].name = name;
    }
    Line& line = lines[size - 1];
    line.last = number + 1;
    const std::string_view metric = board.metric(number->formula);
    if (metric == "completed") line.completed = number->above;
    if (metric == "created") line.created = number->above;
  }
  std::sort(lines, lines + size, busier);

  JsonWriter& json = board.json;
  json.begin_array();
  for (std::size_t i = 0; i < size; ++i) {
    json.begin_object();
    json.key("name");
    json.put(lines[i].name);
    for (const Number* n = lines[i].first; n < lines[i].last;) {
      const std::uint32_t f = n->formula;
      json.key(board.metric(f));
      if (!board.definitions.formulas[f].per_currency) {
        json.put(value_of(board.definitions, *n++));
        continue;
      }
      json.begin_object();
      for (; n < lines[i].last && n->formula == f; ++n) {
        json.key(board.place(*n).currency);
        json.put(value_of(board.definitions, *n));
      }
      json.end_object();
    }
    json.end_object();
  }
  json.end_array();
}

}  // namespace calytics::glue
