// calytics.collect_tracked, the reader of what is tracked: buckets, plus events that are not folded
// and what became of their sessions and funnels, corrected by the parts of hours that a span's ends
// cut off and by the steps of funnels that were taken after the moment a span is looked at.

#include <algorithm>

#include "feed.hpp"
#include "spans.hpp"

CALYTICS_SQL_FUNCTION(calytics_collect_tracked);

namespace calytics::glue {

namespace {

using core::Basis;
using core::CubeKey;
using core::kUnknown;

// What the queries below give: basis, at, service, host, counts, weight, and what else they tell.
struct Counted {
  explicit Counted(const Datum* values)
      : basis(text_of(values[0])),
        at(DatumGetTimestampTz(values[1])),
        key{text_of(values[2]), text_of(values[3]), {}},
        counts(text_of(values[4])),
        weight(DatumGetInt64(values[5])) {}

  std::string_view basis;
  TimestampTz at;
  CubeKey key;
  std::string_view counts;
  std::int64_t weight;
};

void add(Reader& reader, const Span& span, const Counted& row, std::int64_t weight) {
  Collector& sums = *reader.sums;
  if (sums.lets(row.key.service, row.key.host))
    sums.add(span, false, local_time(sums.rules(), row.at), row.key, row.counts, weight);
}

void add_pending(void* context, const Datum* values, const bool* nulls) {
  Reader& reader = *static_cast<Reader*>(context);
  const Counted row(values);
  const TimestampTz as_of = nulls[6] ? kUnknown : DatumGetTimestampTz(values[6]);
  for (const Span& span : reader.sums->spans().all) {
    if (span.basis == Basis::tracked && span.basis_name == row.basis && within(span, row.at) &&
        (as_of == kUnknown || span.as_of == as_of))
      add(reader, span, row, row.weight);
  }
}

// The moments at which spans of funnels are looked at; of the same moment, the widest range.
void add_as_of(Reader& reader) {
  static const Oid pending_types[] = {INT4OID, INT8OID, kInstants};
  static Statement pending("select t.* from calytics.track_pending($1, $2, $3) t", pending_types);
  static const Oid ahead_types[] = {INT4OID, kInstants, kInstants, kInstants};
  static Statement ahead("select t.* from calytics.funnel_ahead($1, $2, $3, $4) t", ahead_types);
  const auto spans = reader.sums->spans().all;
  Parameters<3> moments(spans.size());
  for (std::size_t i = 0; i < spans.size(); ++i) {
    if (spans[i].basis_name != "funnel") continue;
    TimestampTz lo = spans[i].lo;
    TimestampTz hi = spans[i].hi;
    bool first = true;
    for (std::size_t j = 0; j < spans.size(); ++j) {
      if (spans[j].basis_name != "funnel" || spans[j].as_of != spans[i].as_of) continue;
      first = first && j >= i;
      lo = std::min(lo, spans[j].lo);
      hi = std::max(hi, spans[j].hi);
    }
    if (first)
      moments.put(
          {TimestampTzGetDatum(spans[i].as_of), TimestampTzGetDatum(lo), TimestampTzGetDatum(hi)});
  }
  const Datum source = Int32GetDatum(reader.source);
  const Datum as_of = moments.array(0, TIMESTAMPTZOID);
  const std::array<Datum, 3> unfolded = {source, Int64GetDatum(reader.segment), as_of};
  pending.run(unfolded.data(), nullptr, add_pending, &reader);
  if (moments.size() == 0) return;
  const std::array<Datum, 4> ranges = {source, as_of, moments.array(1, TIMESTAMPTZOID),
                                       moments.array(2, TIMESTAMPTZOID)};
  ahead.run(ranges.data(), nullptr, add_pending, &reader);
}

void add_cut(void* context, const Datum* values, const bool* /*nulls*/) {
  Reader& reader = *static_cast<Reader*>(context);
  const Counted row(values);
  const auto corrections = reader.sums->spans().corrections;
  const Correction& wanted = corrections[static_cast<std::size_t>(DatumGetInt64(values[6]))];
  if (hour_of(local_time(reader.sums->rules(), row.at)) != wanted.hour) return;
  for (const Correction& correction : corrections) {
    if (correction.span->basis_name == row.basis && correction.lo == wanted.lo &&
        correction.hi == wanted.hi)
      add(reader, *correction.span, row, correction.weight);
  }
}

void add_tracked_cuts(Reader& reader) {
  static const Oid types[] = {INT4OID, INT8OID, INT8ARRAYOID, TEXTARRAYOID, kInstants, kInstants};
  static Statement query(
      "select t.*, r.n from unnest($3, $4, $5, $6) r (n, basis, lo, hi)"
      " cross join lateral calytics.tracked_between($1, $2, r.basis, r.lo, r.hi) t",
      types);
  const auto corrections = reader.sums->spans().corrections;
  Parameters<4> ranges(corrections.size());
  for (std::size_t i = 0; i < corrections.size(); ++i) {
    const Correction& correction = corrections[i];
    const auto same = [&](const Correction& other) {
      return other.span->basis_name == correction.span->basis_name && other.lo == correction.lo &&
             other.hi == correction.hi;
    };
    if (correction.span->basis != Basis::tracked ||
        std::any_of(corrections.begin(), corrections.begin() + static_cast<std::ptrdiff_t>(i),
                    same))
      continue;
    ranges.put({Int64GetDatum(static_cast<std::int64_t>(i)),
                text_datum(correction.span->basis_name), TimestampTzGetDatum(correction.lo),
                TimestampTzGetDatum(correction.hi)});
  }
  if (ranges.size() == 0) return;
  const std::array<Datum, 6> values = {
      Int32GetDatum(reader.source),    Int64GetDatum(reader.segment),
      ranges.array(0, INT8OID),        ranges.array(1, TEXTOID),
      ranges.array(2, TIMESTAMPTZOID), ranges.array(3, TIMESTAMPTZOID)};
  query.run(values.data(), nullptr, add_cut, &reader);
}

void read_instant(void* context, const Datum* values, const bool* nulls) {
  if (!nulls[0]) *static_cast<TimestampTz*>(context) = DatumGetTimestampTz(values[0]);
}

TimestampTz tracked_until(std::int32_t source) {
  static const Oid types[] = {INT4OID};
  static Statement query("select t.until from calytics.tracked_until t where t.source_id = $1",
                         types);
  const Datum value = Int32GetDatum(source);
  TimestampTz result = DT_NOBEGIN;
  query.run(&value, nullptr, read_instant, &result);
  return result;
}

}  // namespace

void collect_tracked(std::int32_t source, std::span<const Span> spans, const Filter& services,
                     const Filter& hosts, MemoryContext memory, SumSink sink, void* context) {
  Reader reader = {source, nullptr};
  core::Rules rules;
  if (!read_settings(reader, rules, memory)) return;
  const Question question = {source, rules, rounded(spans, rules, tracked_until(source)), services,
                             hosts};
  if (question.spans.all.empty()) return;
  Collector sums(question, memory);
  reader.sums = &sums;
  add_buckets(reader);
  add_deltas(reader);
  add_as_of(reader);
  add_tracked_cuts(reader);
  sums.each(sink, context);
}

}  // namespace calytics::glue

Datum calytics_collect_tracked(PG_FUNCTION_ARGS) {
  return calytics::glue::put_sums(fcinfo, calytics::glue::collect_tracked);
}
