// calytics.dashboard_json: from sums to all that a dashboard shows, evaluated and written as jsonb
// in one go, because SQL took longer to build the document than to read the sums.

#include "pg.hpp"

#include "formulas.hpp"
#include "json_writer.hpp"
#include "tally.hpp"

extern "C" {
#include "catalog/pg_collation.h"
#include "utils/datetime.h"
#include "utils/json.h"
#include "utils/varlena.h"
}

#include <algorithm>

#include "core/dashboard.hpp"

CALYTICS_SQL_FUNCTION(calytics_dashboard_json);

namespace {

using calytics::core::Formula;
using calytics::core::Naming;
using calytics::core::Number;
using calytics::core::Role;
using calytics::core::Sums;
using calytics::glue::bytes_of;
using calytics::glue::Definition;
using calytics::glue::Definitions;
using calytics::glue::JsonWriter;
using calytics::glue::Numbers;
using calytics::glue::Row;
using calytics::glue::Rows;
using calytics::glue::text_argument;
using calytics::glue::value_of;

struct Board {
  Definitions definitions;
  Sums* sums = nullptr;
  std::size_t size = 0;
  Numbers numbers;
  Numeric zero = nullptr;
  JsonWriter json;

  const Number* begin() const { return numbers.numbers; }
  const Number* end() const { return numbers.numbers + numbers.size; }
  const Sums& place(const Number& number) const { return sums[number.sums]; }
  std::string_view metric(std::size_t formula) const {
    return bytes_of(PG_DETOAST_DATUM_PACKED(definitions.rows[formula].metric));
  }
  // Numbers come by role.
  const Number* first_of(Role role) const {
    return std::partition_point(begin(), end(),
                                [&](const Number& n) { return place(n).role < role; });
  }
};

void read_sums(Board& board, const Rows& rows, const Rows& name_rows) {
  const auto name_count = static_cast<std::size_t>(name_rows.size);
  auto* names = static_cast<Naming*>(palloc(sizeof(Naming) * name_count));
  for (int i = 0; i < name_rows.size; ++i) {
    const Row row = name_rows.at(i);
    names[i] = {row.bytes(0) == "host" ? Role::host : Role::service, row.bytes(1), row.bytes(2)};
  }
  calytics::core::sort_names({names, name_count});
  board.sums = static_cast<Sums*>(MemoryContextAllocHuge(
      CurrentMemoryContext, sizeof(Sums) * 2 * static_cast<std::size_t>(rows.size)));
  for (int i = 0; i < rows.size; ++i) {
    const Row row = rows.at(i);
    const std::size_t places = calytics::core::places_of(
        row.bytes(0), calytics::glue::sums_of(row), {names, name_count}, board.sums + board.size);
    if (places == 0) {
      ereport(ERROR,
              (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("a dashboard has no such role")));
    }
    board.size += places;
  }
}

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

// By position, as calytics.point has it.
struct Point {
  std::int64_t local = 0;
  Datum starts_at = 0;
  bool begun = false;
  bool ahead = false;
};

struct Points {
  Point* points = nullptr;
  std::size_t size = 0;
};

Points points_of(const Rows& rows) {
  Points result = {static_cast<Point*>(palloc(sizeof(Point) * static_cast<std::size_t>(rows.size))),
                   static_cast<std::size_t>(rows.size)};
  for (int i = 0; i < rows.size; ++i) {
    const Row row = rows.at(i);
    result.points[i] = {row.time(0), row.values[1], row.flag(2), row.flag(3)};
  }
  std::sort(result.points, result.points + result.size,
            [](const Point& a, const Point& b) { return a.local < b.local; });
  return result;
}

// One line: the numbers, which come by time, zero-filled; NULL is what lies ahead.
void write_line(Board& board, std::size_t f, const Points& points, const Number* number,
                const Number* end) {
  board.json.begin_array();
  for (std::size_t i = 0; i < points.size; ++i) {
    const Point& point = points.points[i];
    while (number < end && board.place(*number).at < point.local)
      ++number;
    Numeric value = nullptr;
    if (board.definitions.rows[f].upcoming ? point.ahead : point.begun) {
      if (number < end && board.place(*number).at == point.local)
        value = value_of(board.definitions, *number);
      if (value == nullptr) value = board.zero;
    }
    board.json.put(value);
  }
  board.json.end_array();
}

void write_series(Board& board, const Points& points, std::string_view unit) {
  JsonWriter& json = board.json;
  json.begin_object();
  json.key("unit");
  json.put(unit);
  json.key("starts_at");
  json.begin_array();
  for (std::size_t i = 0; i < points.size; ++i) {
    auto* text = static_cast<char*>(palloc(MAXDATELEN + 1));
    json.put(std::string_view{
        JsonEncodeDateTime(text, points.points[i].starts_at, TIMESTAMPTZOID, nullptr)});
  }
  json.end_array();

  const Number* first = board.first_of(Role::series);
  const auto count = static_cast<std::size_t>(board.first_of(Role::service) - first);
  auto* numbers = static_cast<Number*>(palloc(sizeof(Number) * count));
  std::copy_n(first, count, numbers);
  std::sort(numbers, numbers + count, [&board](const Number& a, const Number& b) {
    if (a.formula != b.formula) return a.formula < b.formula;
    const Sums& x = board.place(a);
    const Sums& y = board.place(b);
    if (board.definitions.formulas[a.formula].per_currency && x.currency != y.currency)
      return x.currency < y.currency;
    return x.at < y.at;
  });
  const Number* number = numbers;
  const Number* const end = numbers + count;
  for (std::size_t f = 0; f < board.definitions.size; ++f) {
    const Formula& formula = board.definitions.formulas[f];
    if (!formula.in_series) continue;
    const Number* const last =
        std::find_if(number, end, [f](const Number& n) { return n.formula != f; });
    if (!formula.per_currency) {
      json.key(board.metric(f));
      write_line(board, f, points, number, last);
    } else if (number < last) {
      json.key(board.metric(f));
      json.begin_object();
      while (number < last) {
        const std::string_view currency = board.place(*number).currency;
        const Number* const next = std::find_if(
            number, last, [&](const Number& n) { return board.place(n).currency != currency; });
        json.key(currency);
        write_line(board, f, points, number, next);
        number = next;
      }
      json.end_object();
    }
    number = last;
  }
  json.end_object();
}

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

void write_table(Board& board, Role role, const Number* number, const Number* end) {
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

// Cells of a histogram, added up over the series.
void write_cells(Board& board, std::uint32_t part, std::int32_t first, std::int32_t rows,
                 std::int32_t columns) {
  const std::int32_t size = (rows == 0 ? 1 : rows) * columns;
  auto* cells =
      static_cast<std::int64_t*>(palloc0(sizeof(std::int64_t) * static_cast<std::size_t>(size)));
  for (std::size_t i = 0; i < board.size; ++i) {
    if (board.sums[i].role != Role::series || board.sums[i].part != part) continue;
    calytics::core::TallyReader reader(board.sums[i].counts);
    while (reader.next() && reader.index() < first + size) {
      if (reader.index() >= first &&
          __builtin_add_overflow(cells[reader.index() - first], reader.count(),
                                 &cells[reader.index() - first]))
        calytics::glue::raise_unless_ok(calytics::core::TallyStatus::overflow);
    }
  }
  JsonWriter& json = board.json;
  json.begin_array();
  for (std::int32_t i = 0; i < size; ++i) {
    if (rows > 0 && i % columns == 0) json.begin_array();
    json.put(cells[i] == 0 ? board.zero : int64_to_numeric(cells[i]));
    if (rows > 0 && (i + 1) % columns == 0) json.end_array();
  }
  json.end_array();
}

}  // namespace

Datum calytics_dashboard_json(PG_FUNCTION_ARGS) {
  const std::string_view basis = text_argument(fcinfo, 3);
  Board board;
  board.zero = int64_to_numeric(0);
  board.definitions = calytics::glue::definitions_of(
      calytics::glue::rows_argument(fcinfo, 2),
      {basis, text_argument(fcinfo, 4), PG_GETARG_BOOL(5), PG_GETARG_BOOL(6), PG_GETARG_BOOL(7)});
  for (std::size_t f = 0; f < board.definitions.size; ++f) {
    board.definitions.formulas[f].in_series =
        calytics::glue::holds(PG_GETARG_DATUM(9), board.metric(f));
    board.definitions.formulas[f].in_tables =
        calytics::glue::holds(PG_GETARG_DATUM(10), board.metric(f));
  }
  read_sums(board, calytics::glue::rows_argument(fcinfo, 1),
            calytics::glue::rows_argument(fcinfo, 11));
  board.numbers = calytics::glue::numbers_of(board.definitions, board.sums, board.size);

  JsonWriter& json = board.json;
  json.begin_object();
  json.put_pairs(PG_GETARG_JSONB_P(0));
  json.key("figures");
  write_figures(board, text_argument(fcinfo, 8));
  json.key("series");
  write_series(board, points_of(calytics::glue::rows_argument(fcinfo, 13)),
               text_argument(fcinfo, 12));
  const Number* const hosts = board.first_of(Role::host);
  json.key("services");
  write_table(board, Role::service, board.first_of(Role::service), hosts);
  json.key("hosts");
  write_table(board, Role::host, hosts, board.end());
  // Starts by weekday and hour, bookings by lead time: cells as calytics.contributions has them.
  json.key("heatmap");
  write_cells(board, calytics::core::part_of("service", "period"), 200, 7, 24);
  json.key("lead_times");
  json.begin_object();
  json.key("from_minutes");
  json.begin_array();
  for (const std::int64_t minutes : {0, 60, 360, 1440, 4320, 10080, 20160, 40320, 80640})
    json.put(int64_to_numeric(minutes));
  json.end_array();
  json.key("bookings");
  write_cells(board, calytics::core::part_of(basis == "service" ? basis : "booked", "period"), 100,
              0, 9);
  json.end_object();
  json.end_object();
  return json.finish();
}
