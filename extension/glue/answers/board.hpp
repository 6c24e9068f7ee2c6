// A dashboard being written: what was evaluated, and the document that it goes into, part by part.
#pragma once

#include <algorithm>

#include "core/metrics/dashboard.hpp"
#include "core/metrics/period.hpp"
#include "glue/answers/formulas.hpp"
#include "glue/pg/json_writer.hpp"

namespace calytics::glue {

struct Board {
  Definitions definitions;
  core::Sums* sums = nullptr;
  std::size_t size = 0;
  Numbers numbers;
  Numeric zero = nullptr;
  JsonWriter json;

  const core::Number* begin() const { return numbers.numbers; }
  const core::Number* end() const { return numbers.numbers + numbers.size; }
  const core::Sums& place(const core::Number& number) const { return sums[number.sums]; }
  std::string_view metric(std::size_t formula) const {
    return bytes_of(PG_DETOAST_DATUM_PACKED(definitions.rows[formula].metric));
  }
  // Numbers come by role.
  const core::Number* first_of(core::Role role) const {
    return std::partition_point(begin(), end(),
                                [&](const core::Number& n) { return place(n).role < role; });
  }
};

// A bucket of the series as of a moment.
struct Point {
  std::int64_t local = 0;
  TimestampTz starts_at = 0;
  bool begun = false;
  bool ahead = false;  // not over yet
};

struct Points {
  Point* points = nullptr;
  std::size_t size = 0;
};

Points points_of(const core::Period& period, core::Unit unit, const core::Clock& clock,
                 int week_start);

// Metric to its figure, or to an object of figures by currency; `currency` is of money without any.
void write_figures(Board& board, std::string_view currency);

// Columns: starts_at, and each metric's values, by currency where it is money. NULL is what lies
// ahead; no column for money that nobody told of.
void write_series(Board& board, const Points& points, std::string_view unit);

// Figures by service or by host, the busiest first; money by currency.
void write_table(Board& board, core::Role role);

// The steps of the funnel by the figures of them; null where there are none.
void write_funnel(Board& board);

// Where sessions came from, those of most sessions first: sums by name and kind of origin.
void write_origins(Board& board, std::span<const core::Sums> sums);

// Cells of a histogram, added up over the series, as an array; of arrays, if there are several
// rows.
void write_cells(Board& board, std::uint32_t part, std::int32_t first, std::int32_t rows,
                 std::int32_t columns);

}  // namespace calytics::glue
