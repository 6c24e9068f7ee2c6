// Reads the spans that sums are asked for, and rounds each to whole hours, which buckets have: to
// the nearer one, so that few facts are needed to make up for it.

#include "collect.hpp"
#include "rows.hpp"
#include "split.hpp"
#include "zone.hpp"

namespace calytics::glue {

namespace {

core::Basis basis_named(std::string_view name) {
  if (name == "booked") return core::Basis::booked;
  if (name == "service") return core::Basis::service;
  if (name == "event") return core::Basis::event;
  if (name == "cohort") return core::Basis::cohort;
  if (name == "tracking" || name == "session" || name == "origin" || name == "funnel")
    return core::Basis::tracked;
  ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("there is no such date basis")));
}

core::Unit unit_named(std::string_view name) {
  if (name.empty()) return core::Unit::none;
  if (name == "hour") return core::Unit::hour;
  if (name == "day") return core::Unit::day;
  if (name == "week") return core::Unit::week;
  if (name == "month") return core::Unit::month;
  if (name == "quarter") return core::Unit::quarter;
  if (name == "year") return core::Unit::year;
  ereport(ERROR,
          (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("there is no such unit of time")));
}

// By position, as calytics.span has it.
Span span_of(const Row& row) {
  Span span = {};
  span.role = row.bytes(0);
  span.basis_name = row.bytes(1);
  span.basis = basis_named(span.basis_name);
  span.window = row.bytes(2);
  span.lo = row.time(3);
  span.hi = row.time(4);
  span.unit = unit_named(row.bytes(5));
  span.split = split_named(row.bytes(6));
  span.cells = row.flag(7);
  span.ended_by = row.time(8);
  span.as_of = row.time(9);
  return span;
}

// From any time of a month into the one after it, or into the next but one.
constexpr std::int64_t kBeyondMonth = 32 * core::kDay;

// Either end of a span. Returns the hour, and the correction it needs, of weight 0 where it needs
// none.
Timestamp round_to_hour(const core::Rules& rules, TimestampTz tracked_until, const Span& span,
                        bool end, Correction& correction) {
  const TimestampTz at = end ? span.hi : span.lo;
  const Timestamp hour = hour_of(local_time(rules, at));
  const TimestampTz begins = hour_begins(rules, hour);
  correction = {&span, at, at, hour, 0};
  // Nothing was tracked from here on: buckets hold no more than is wanted, whatever their grain.
  if (span.basis == core::Basis::tracked && end && at > tracked_until)
    return core::start_of(core::Unit::month, hour + kBeyondMonth, rules.week_start);
  if (begins == at || span.basis == core::Basis::cohort) return hour;
  const TimestampTz ends = hour_ends(rules, hour, begins);
  const bool down = at - begins <= ends - at;
  if (down) {
    correction.lo = begins;
  } else {
    correction.hi = ends;
  }
  correction.weight = down == end ? 1 : -1;
  return down ? hour : hour + core::kHour;
}

}  // namespace

Spans spans_argument(FunctionCallInfo fcinfo, int argument, const core::Rules& rules,
                     TimestampTz tracked_until) {
  const Rows rows = rows_argument(fcinfo, argument);
  const auto count = static_cast<std::size_t>(rows.size);
  auto* spans = static_cast<Span*>(palloc(sizeof(Span) * (count + 1)));
  auto* corrections = static_cast<Correction*>(palloc(sizeof(Correction) * 2 * (count + 1)));
  std::size_t size = 0;
  std::size_t corrected = 0;
  for (int i = 0; i < rows.size; ++i) {
    Span& span = spans[size];
    span = span_of(rows.at(i));
    if (span.lo == core::kUnknown || span.hi == core::kUnknown || span.lo >= span.hi) continue;
    ++size;
    span.first_hour = round_to_hour(rules, tracked_until, span, false, corrections[corrected]);
    if (corrections[corrected].weight != 0) ++corrected;
    span.end_hour = round_to_hour(rules, tracked_until, span, true, corrections[corrected]);
    if (corrections[corrected].weight != 0) ++corrected;
  }
  return {{spans, size}, {corrections, corrected}};
}

Filter filter_argument(FunctionCallInfo fcinfo, int argument) {
  if (PG_ARGISNULL(argument)) return {};
  Filter filter;
  filter.absent = false;
  bool* nulls = nullptr;
  deconstruct_array(PG_GETARG_ARRAYTYPE_P(argument), TEXTOID, -1, false, TYPALIGN_INT, &filter.keys,
                    &nulls, &filter.size);
  for (int i = 0; i < filter.size; ++i) {
    if (nulls[i])
      ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("a key is NULL")));
  }
  return filter;
}

bool Filter::lets(std::string_view key) const {
  if (absent) return true;
  for (int i = 0; i < size; ++i) {
    if (bytes_of(reinterpret_cast<const varlena*>(DatumGetPointer(keys[i]))) == key) return true;
  }
  return false;
}

}  // namespace calytics::glue
