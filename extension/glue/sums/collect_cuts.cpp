// What buckets hold beyond a span, or lack of it: the facts in the parts of hours that its ends cut
// off, and those that had not ended when it wants them ended.

#include <algorithm>

#include "glue/sums/feed.hpp"

namespace calytics::glue {

namespace {

using core::Basis;
using core::Contribution;
using core::Fact;
using core::kUnknown;

// What longer bookings than this are looked up by another index.
constexpr std::int64_t kShort = 2 * core::kHour;

void add_cut_fact(void* context, const Contribution& contribution) {
  Feed& feed = *static_cast<Feed*>(context);
  const Correction& wanted = *feed.correction;
  if (contribution.at < wanted.lo || contribution.at >= wanted.hi ||
      hour_of(local_time(feed.reader->sums->rules(), contribution.at)) != wanted.hour) {
    return;
  }
  for (const Correction& correction : feed.reader->sums->spans().corrections) {
    if (correction.lo != wanted.lo || correction.hi != wanted.hi) continue;
    feed.weight = correction.weight;
    add_contribution(feed, contribution, [&](const Span& span, bool& /*unfinished*/) {
      return &span == correction.span;
    });
  }
}

void add_cut_row(void* context, const Datum* values, const bool* nulls) {
  Reader& reader = *static_cast<Reader*>(context);
  const Fact fact = fact_of(values, nulls);
  Feed feed = {&reader, &fact, 0};
  feed.correction =
      &reader.sums->spans()
           .corrections[static_cast<std::size_t>(DatumGetInt64(values[kChainColumns]))];
  contribute(feed, static_cast<unsigned>(feed.correction->span->basis), add_cut_fact);
}

void add_cuts_of(Reader& reader, Basis basis, Statement& query) {
  const auto corrections = reader.sums->spans().corrections;
  Parameters<3> ranges(corrections.size());
  for (std::size_t i = 0; i < corrections.size(); ++i) {
    const Correction& correction = corrections[i];
    const auto same = [&](const Correction& other) {
      return other.span->basis == basis && other.lo == correction.lo && other.hi == correction.hi;
    };
    if (correction.span->basis != basis ||
        std::any_of(corrections.begin(), corrections.begin() + static_cast<std::ptrdiff_t>(i),
                    same)) {
      continue;
    }
    ranges.put({Int64GetDatum(static_cast<std::int64_t>(i)), TimestampTzGetDatum(correction.lo),
                TimestampTzGetDatum(correction.hi)});
  }
  if (ranges.size() == 0) return;
  Interval lapse = {};
  lapse.time = reader.sums->rules().lapse_after;
  const std::array<Datum, 6> values = {
      Int32GetDatum(reader.source),    ranges.array(0, INT8OID),
      ranges.array(1, TIMESTAMPTZOID), ranges.array(2, TIMESTAMPTZOID),
      IntervalPGetDatum(&lapse),       Int64GetDatum(reader.marks ? reader.segment : PG_INT64_MAX)};
  query.run(values.data(), nullptr, add_cut_row, &reader);
}

}  // namespace

void add_cuts(Reader& reader) {
  static const Oid types[] = {INT4OID, INT8ARRAYOID, kInstants, kInstants, INTERVALOID, INT8OID};
  static Statement starting(
      "select c.*, r.n from unnest($2, $3, $4) r (n, lo, hi) cross join lateral ("
      "  select x.* from calytics.chain x"
      "   where x.starts_at >= r.lo and x.starts_at < r.hi and x.source_id = $1 offset 0) c",
      types);
  static Statement created(
      "select c.*, r.n from unnest($2, $3, $4) r (n, lo, hi) cross join lateral ("
      "  select x.* from calytics.chain x"
      "   where x.created_at >= r.lo and x.created_at < r.hi and x.source_id = $1 offset 0) c",
      types);
  // What is marked is not found where its legs and payments were when it was folded.
  static Statement happened(
      "select c.*, r.n from unnest($2, $3, $4) r (n, lo, hi)"
      " cross join lateral ("
      "   select b.root_uid from calytics.happened_between($1, r.lo, r.hi, $5) b"
      "   union"
      "   select m.root_uid from calytics.chain_mark m where m.segment >= $6 and m.source_id = $1"
      "   ) h"
      " cross join lateral ("
      "   select x.* from calytics.chain x where x.source_id = $1 and x.root_uid = h.root_uid "
      "offset 0) c",
      types);
  add_cuts_of(reader, Basis::service, starting);
  add_cuts_of(reader, Basis::booked, created);
  add_cuts_of(reader, Basis::event, happened);
}

namespace {

void add_unfinished_row(void* context, const Datum* values, const bool* nulls) {
  Reader& reader = *static_cast<Reader*>(context);
  const Fact fact = fact_of(values, nulls);
  Feed feed = {&reader, &fact, -1};
  feed.ended_by = DatumGetTimestampTz(values[kChainColumns]);
  contribute(feed, static_cast<unsigned>(Basis::service), add_outlasting);
}

}  // namespace

void add_unfinished(Reader& reader) {
  static const Oid types[] = {INT4OID, kInstants, kInstants, kInstants, kInstants};
  static Statement lasting(
      "select c.*, o.ended_by from unnest($2, $3, $4, $5) o (ended_by, since, lo, hi)"
      " cross join lateral ("
      "   select x.* from calytics.chain x"
      "    where x.starts_at >= o.since and x.starts_at < o.hi and x.source_id = $1"
      "      and x.ended_at > o.ended_by and x.ended_at - x.starts_at <= interval '2 hours' offset "
      "0) c"
      " union all "
      "select c.*, o.ended_by from unnest($2, $3, $4, $5) o (ended_by, since, lo, hi)"
      " cross join lateral ("
      "   select x.* from calytics.chain x"
      "    where tstzrange(x.starts_at, x.ended_at) @> o.ended_by"
      "      and x.ended_at - x.starts_at > interval '2 hours' offset 0) c"
      " where c.starts_at >= o.lo and c.starts_at < o.hi and c.source_id = $1",
      types);
  const auto spans = reader.sums->spans().all;
  Parameters<4> wanted(spans.size());
  for (std::size_t i = 0; i < spans.size(); ++i) {
    const Span& span = spans[i];
    if (span.basis != Basis::service || span.ended_by == kUnknown) continue;
    TimestampTz lo = span.lo;
    TimestampTz hi = span.hi;
    bool first = true;
    for (std::size_t j = 0; j < spans.size(); ++j) {
      const Span& other = spans[j];
      if (other.basis != Basis::service || other.ended_by != span.ended_by) continue;
      first = first && j >= i;
      lo = std::min(lo, other.lo);
      hi = std::max(hi, other.hi);
    }
    if (!first) continue;
    wanted.put({TimestampTzGetDatum(span.ended_by),
                TimestampTzGetDatum(std::max(lo, span.ended_by - kShort)), TimestampTzGetDatum(lo),
                TimestampTzGetDatum(hi)});
  }
  if (wanted.size() == 0) return;
  const std::array<Datum, 5> values = {
      Int32GetDatum(reader.source), wanted.array(0, TIMESTAMPTZOID),
      wanted.array(1, TIMESTAMPTZOID), wanted.array(2, TIMESTAMPTZOID),
      wanted.array(3, TIMESTAMPTZOID)};
  lasting.run(values.data(), nullptr, add_unfinished_row, &reader);
}

}  // namespace calytics::glue
