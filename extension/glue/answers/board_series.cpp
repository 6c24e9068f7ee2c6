// The series of a dashboard, a column a metric, and the histograms that are added up over it.

#include "glue/answers/board.hpp"
#include "glue/sums/tally.hpp"

namespace calytics::glue {

namespace {

using core::Formula;
using core::Number;
using core::Role;
using core::Sums;

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

}  // namespace

Points points_of(const core::Period& period, core::Unit unit, const core::Clock& clock,
                 int week_start) {
  Points result;
  std::size_t room = 0;
  core::Buckets buckets(period, unit, clock, week_start);
  core::Bucket bucket;
  while (buckets.next(bucket)) {
    constexpr std::size_t first_room = 64;
    if (result.size == room) {
      room = room == 0 ? first_room : 2 * room;
      auto* larger =
          static_cast<Point*>(MemoryContextAllocHuge(CurrentMemoryContext, sizeof(Point) * room));
      std::copy_n(result.points, result.size, larger);
      result.points = larger;
    }
    result.points[result.size++] = {bucket.local, bucket.starts_at,
                                    bucket.starts_at<period.cut_at, bucket.ends_at> period.as_of};
  }
  return result;
}

void write_series(Board& board, const Points& points, std::string_view unit) {
  JsonWriter& json = board.json;
  json.begin_object();
  json.key("unit");
  json.put(unit);
  json.key("starts_at");
  json.begin_array();
  for (std::size_t i = 0; i < points.size; ++i)
    json.put_instant(points.points[i].starts_at);
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

void write_cells(Board& board, std::uint32_t part, std::int32_t first, std::int32_t rows,
                 std::int32_t columns) {
  const std::int32_t size = rows * columns;
  auto* cells =
      static_cast<std::int64_t*>(palloc0(sizeof(std::int64_t) * static_cast<std::size_t>(size)));
  for (std::size_t i = 0; i < board.size; ++i) {
    if (board.sums[i].role != Role::series || board.sums[i].part != part) continue;
    core::TallyReader reader(board.sums[i].counts);
    while (reader.next() && reader.index() < first + size) {
      if (reader.index() >= first &&
          __builtin_add_overflow(cells[reader.index() - first], reader.count(),
                                 &cells[reader.index() - first]))
        raise_unless_ok(core::TallyStatus::overflow);
    }
  }
  JsonWriter& json = board.json;
  json.begin_array();
  for (std::int32_t i = 0; i < size; ++i) {
    if (rows > 1 && i % columns == 0) json.begin_array();
    json.put(cells[i] == 0 ? board.zero : int64_to_numeric(cells[i]));
    if (rows > 1 && (i + 1) % columns == 0) json.end_array();
  }
  json.end_array();
}

}  // namespace calytics::glue
