// Periods as SQL asks for them, and as rows of calytics.period.
#pragma once

#include "glue/pg/pg.hpp"

#include "core/metrics/period.hpp"

namespace calytics::glue {

// What may be NULL is.
struct PeriodAsked {
  NullableDatum name;  // text: day, week, month, quarter, year or custom
  NullableDatum at;    // instants; from and to are of a custom period
  NullableDatum as_of;
  NullableDatum from;
  NullableDatum to;
};

// The period asked for, or so many before it; raises what is wrong with the question.
core::Period period_at(const PeriodAsked& asked, int back, const core::Clock& clock,
                       int week_start);

core::Period period_of(HeapTupleHeader row);

// A unit by its name; none for an empty one. Raises invalid_parameter_value for another.
core::Unit unit_named(std::string_view name);

}  // namespace calytics::glue
