// The spans that sums are asked for: made of a period, read and written as rows, and rounded to
// whole hours, which buckets have: to the nearer one, so that few facts are needed to make up for
// it.

#include "glue/sums/spans.hpp"

#include "glue/facts/zone.hpp"
#include "glue/pg/rows.hpp"
#include "glue/sums/period.hpp"
#include "glue/sums/split.hpp"

extern "C" {
#include "access/htup_details.h"
}

CALYTICS_SQL_FUNCTION(calytics_spans);

namespace calytics::glue {

namespace {

constexpr int kSpanColumns = 10;

core::Basis basis_named(std::string_view name) {
  if (name == "booked") return core::Basis::booked;
  if (name == "service") return core::Basis::service;
  if (name == "event") return core::Basis::event;
  if (name == "cohort") return core::Basis::cohort;
  if (name == "tracking" || name == "session" || name == "origin" || name == "funnel")
    return core::Basis::tracked;
  ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("there is no such date basis")));
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

std::size_t spans_of(const core::Period& period, const core::Rules& rules, const SpanKind& kind,
                     unsigned windows, Span* spans) {
  std::array<core::Window, core::kMostWindows> of_period;
  const std::size_t size = core::windows_of(period, rules, clock_of(rules), windows, of_period);
  for (std::size_t i = 0; i < size; ++i) {
    const core::Window& window = of_period[i];
    Span& span = spans[i];
    span = {};
    span.role = kind.role;
    span.basis_name = window.basis;
    span.basis = basis_named(window.basis);
    span.window = window.name;
    span.lo = window.lo;
    span.hi = window.hi;
    span.unit = kind.unit;
    span.split = kind.split;
    span.cells = window.cells && kind.cells;
    span.ended_by = window.ended_by;
    span.as_of = period.as_of;
  }
  return size;
}

std::span<Span> spans_argument(FunctionCallInfo fcinfo, int argument) {
  const Rows rows = rows_argument(fcinfo, argument);
  const auto size = static_cast<std::size_t>(rows.size);
  auto* spans = static_cast<Span*>(palloc(sizeof(Span) * (size + 1)));
  for (int i = 0; i < rows.size; ++i)
    spans[i] = span_of(rows.at(i));
  return {spans, size};
}

Datum spans_datum(std::span<const Span> spans, Oid row_type) {
  TupleDesc shape = lookup_rowtype_tupdesc(row_type, -1);
  auto* rows = static_cast<Datum*>(palloc(sizeof(Datum) * (spans.size() + 1)));
  for (std::size_t i = 0; i < spans.size(); ++i) {
    const Span& span = spans[i];
    std::array<Datum, kSpanColumns> values = {text_datum(span.role),
                                              text_datum(span.basis_name),
                                              text_datum(span.window),
                                              TimestampTzGetDatum(span.lo),
                                              TimestampTzGetDatum(span.hi),
                                              text_datum(core::name_of(span.unit)),
                                              CStringGetTextDatum(name_of(span.split)),
                                              BoolGetDatum(span.cells),
                                              TimestampTzGetDatum(span.ended_by),
                                              TimestampTzGetDatum(span.as_of)};
    std::array<bool, kSpanColumns> nulls = {};
    nulls[5] = span.unit == core::Unit::none;
    nulls[8] = span.ended_by == core::kUnknown;
    rows[i] = HeapTupleGetDatum(heap_form_tuple(shape, values.data(), nulls.data()));
  }
  ReleaseTupleDesc(shape);
  return PointerGetDatum(
      construct_array(rows, static_cast<int>(spans.size()), row_type, -1, false, TYPALIGN_DOUBLE));
}

Spans rounded(std::span<const Span> asked, const core::Rules& rules, TimestampTz tracked_until) {
  auto* spans = static_cast<Span*>(palloc(sizeof(Span) * (asked.size() + 1)));
  auto* corrections = static_cast<Correction*>(palloc(sizeof(Correction) * 2 * (asked.size() + 1)));
  std::size_t size = 0;
  std::size_t corrected = 0;
  for (const Span& of : asked) {
    if (of.lo == core::kUnknown || of.hi == core::kUnknown || of.lo >= of.hi) continue;
    Span& span = spans[size++];
    span = of;
    span.first_hour = round_to_hour(rules, tracked_until, span, false, corrections[corrected]);
    if (corrections[corrected].weight != 0) ++corrected;
    span.end_hour = round_to_hour(rules, tracked_until, span, true, corrections[corrected]);
    if (corrections[corrected].weight != 0) ++corrected;
    span.open = span.basis == core::Basis::tracked && span.hi > tracked_until;
  }
  return {{spans, size}, {corrections, corrected}};
}

WholeHours::WholeHours(const core::Rules& rules, TimestampTz lo, TimestampTz hi, bool open)
    : first_(hour_of(local_time(rules, lo))),
      last_(hour_of(local_time(rules, hi))),
      cuts_first_(hour_begins(rules, first_) != lo),
      cuts_last_(hour_begins(rules, last_) != hi),
      open_(open) {}

WholeHours::Part WholeHours::part_of(Timestamp hour) const {
  if (hour < first_ || (!open_ && hour > last_)) return Part::none;
  if (!open_ && hour == last_) return cuts_last_ ? Part::some : Part::none;
  return hour == first_ && cuts_first_ ? Part::some : Part::all;
}

Filter filter_of(Datum texts) {
  Filter filter;
  filter.absent = false;
  bool* nulls = nullptr;
  deconstruct_array(DatumGetArrayTypeP(texts), TEXTOID, -1, false, TYPALIGN_INT, &filter.keys,
                    &nulls, &filter.size);
  for (int i = 0; i < filter.size; ++i) {
    if (nulls[i])
      ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("a key is NULL")));
  }
  return filter;
}

Filter filter_argument(FunctionCallInfo fcinfo, int argument) {
  return PG_ARGISNULL(argument) ? Filter{} : filter_of(PG_GETARG_DATUM(argument));
}

bool Filter::lets(std::string_view key) const {
  if (absent) return true;
  for (int i = 0; i < size; ++i) {
    if (bytes_of(reinterpret_cast<const varlena*>(DatumGetPointer(keys[i]))) == key) return true;
  }
  return false;
}

}  // namespace calytics::glue

Datum calytics_spans(PG_FUNCTION_ARGS) {
  using namespace calytics;
  using namespace calytics::glue;
  if (PG_ARGISNULL(0) || PG_ARGISNULL(4)) PG_RETURN_NULL();
  const core::Rules rules = rules_of(PG_GETARG_HEAPTUPLEHEADER(4));
  unsigned windows = core::kAllWindows;
  if (!PG_ARGISNULL(5)) {
    windows = 0;
    for_each_text(PG_GETARG_ARRAYTYPE_P(5),
                  [&](std::string_view name) { windows |= core::window_named(name); });
  }
  std::array<Span, core::kMostWindows> spans;
  const std::size_t size =
      spans_of(period_of(PG_GETARG_HEAPTUPLEHEADER(0)), rules,
               {text_argument(fcinfo, 1), unit_named(text_argument(fcinfo, 2)),
                split_named(text_argument(fcinfo, 3)), !PG_ARGISNULL(6) && PG_GETARG_BOOL(6)},
               windows, spans.data());
  return spans_datum({spans.data(), size}, get_element_type(get_fn_expr_rettype(fcinfo->flinfo)));
}
