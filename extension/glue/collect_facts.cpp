// Sums of single facts: what one contributes goes to the spans that it belongs to.

#include <algorithm>

#include "fact.hpp"
#include "reader.hpp"
#include "tally.hpp"
#include "zone.hpp"

namespace calytics::glue {

namespace {

using core::Basis;
using core::Contribution;
using core::CubeKey;
using core::Fact;
using core::kUnknown;

// What longer bookings than this are looked up by another index.
constexpr std::int64_t kShort = 2 * core::kHour;

// Hands a fact's contributions on, in the bytes of a tally.
struct Feed {
  Reader* reader;
  const Fact* fact;
  std::int64_t weight;
  const Correction* correction = nullptr;  // for cut facts
  TimestampTz ended_by = kUnknown;         // for those that outlast it
};

std::string_view tally_bytes(const Contribution& contribution, std::uint8_t* room) {
  core::TallyWriter writer(room);
  for (const core::TallyEntry& entry : contribution.counts)
    writer.put(entry.index, entry.count);
  return {reinterpret_cast<const char*>(room), static_cast<std::size_t>(writer.end() - room)};
}

bool within(const Span& span, TimestampTz at) {
  return at >= span.lo && at < span.hi;
}

void contribute(Feed& feed, unsigned bases, void (*sink)(void*, const Contribution&)) {
  const Fact& fact = *feed.fact;
  if (!feed.reader->sums->lets(fact.service, fact.host)) return;
  raise_unless_ok(core::contribute(fact, feed.reader->sums->rules(), bases, sink, &feed));
}

// Adds a contribution to the spans that `wanted` picks.
template <typename Wanted>
void add_contribution(const Feed& feed, const Contribution& contribution, Wanted wanted) {
  constexpr std::size_t most_entries = 128;
  std::array<std::uint8_t, core::TallyWriter::room(most_entries)> room;
  if (contribution.counts.size() > most_entries) elog(ERROR, "a contribution is too long");
  std::string_view counts;
  Timestamp local = 0;
  const CubeKey key = {feed.fact->service, feed.fact->host, contribution.currency};
  for (const Span& span : feed.reader->sums->spans().all) {
    bool unfinished = false;
    if (span.basis != contribution.basis || !wanted(span, unfinished)) continue;
    if (counts.empty()) {
      counts = tally_bytes(contribution, room.data());
      local = local_time(feed.reader->sums->rules(), contribution.at);
    }
    feed.reader->sums->add(span, unfinished, local, key, counts, feed.weight);
  }
}

// Of a span that leaves out what had not ended by a moment: true if this had not.
bool outlasts(const Span& span, TimestampTz ended_at, TimestampTz ended_by) {
  return span.basis == Basis::service && span.ended_by != kUnknown && span.ended_by == ended_by &&
         ended_at > ended_by;
}

void add_outlasting(void* context, const Contribution& contribution) {
  const Feed& feed = *static_cast<Feed*>(context);
  add_contribution(feed, contribution, [&](const Span& span, bool& unfinished) {
    unfinished = span.window == "period";
    return within(span, contribution.at) && outlasts(span, feed.fact->ended_at, feed.ended_by);
  });
}

// For the spans as of a moment; kUnknown: for all.
void count_awaiting(Reader& reader, TimestampTz as_of, TimestampTz awaiting_at,
                    TimestampTz starts_at, TimestampTz created_at, const CubeKey& key,
                    std::int64_t weight) {
  Collector& sums = *reader.sums;
  if (!sums.lets(key.service, key.host)) return;
  std::array<std::uint8_t, core::TallyWriter::room(2)> room;
  core::TallyWriter not_cancelled(room.data());
  constexpr std::int32_t cancelled = 5;
  constexpr std::int32_t awaiting = 17;
  not_cancelled.put(cancelled, -1);
  not_cancelled.put(awaiting, 1);
  const std::string_view counts = {reinterpret_cast<const char*>(room.data()),
                                   static_cast<std::size_t>(not_cancelled.end() - room.data())};
  for (const Span& span : sums.spans().all) {
    const TimestampTz at = span.basis == Basis::service  ? starts_at
                           : span.basis == Basis::booked ? created_at
                                                         : kUnknown;
    if (at == kUnknown || !within(span, at) || (as_of != kUnknown && as_of != span.as_of) ||
        awaiting_at <= span.as_of - sums.rules().lapse_after) {
      continue;
    }
    sums.add(span, false, local_time(sums.rules(), at), key, counts, weight);
  }
}

void add_changed_fact(void* context, const Contribution& contribution) {
  const Feed& feed = *static_cast<Feed*>(context);
  add_contribution(feed, contribution, [&](const Span& span, bool& /*unfinished*/) {
    return within(span, contribution.at);
  });
}

void add_change(Reader& reader, Datum row, std::int64_t weight) {
  const Fact fact = fact_of(DatumGetHeapTupleHeader(row));
  Feed feed = {&reader, &fact, weight};
  contribute(feed, core::kAllBases, add_changed_fact);
  feed.weight = -weight;
  const auto spans = reader.sums->spans().all;
  for (std::size_t i = 0; i < spans.size(); ++i) {
    feed.ended_by = spans[i].ended_by;
    const bool first = std::none_of(spans.begin(), spans.begin() + static_cast<std::ptrdiff_t>(i),
                                    [&](const Span& s) { return s.ended_by == feed.ended_by; });
    if (first && feed.ended_by != kUnknown && fact.ended_at > feed.ended_by)
      contribute(feed, static_cast<unsigned>(Basis::service), add_outlasting);
  }
  if (fact.awaiting_at != kUnknown && fact.confirmed_at != kUnknown) {
    count_awaiting(reader, kUnknown, fact.awaiting_at, fact.starts_at, fact.created_at,
                   {fact.service, fact.host, fact.currency}, weight);
  }
}

void add_changed(void* context, const Datum* values, const bool* nulls) {
  Reader& reader = *static_cast<Reader*>(context);
  if (!nulls[0]) add_change(reader, values[0], -1);
  if (!nulls[1]) add_change(reader, values[1], 1);
}

}  // namespace

void add_changes(Reader& reader) {
  static const Oid types[] = {INT4OID, INT8OID};
  static Statement query("select u.before, u.after from calytics.unsettled($1, $2) u", types);
  const std::array<Datum, 2> values = {Int32GetDatum(reader.source), Int64GetDatum(reader.segment)};
  query.run(values.data(), nullptr, add_changed, &reader);
}

namespace {

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
  const std::array<Datum, 5> values = {
      Int32GetDatum(reader.source), ranges.array(0, INT8OID), ranges.array(1, TIMESTAMPTZOID),
      ranges.array(2, TIMESTAMPTZOID), IntervalPGetDatum(&lapse)};
  query.run(values.data(), nullptr, add_cut_row, &reader);
}

}  // namespace

void add_cuts(Reader& reader) {
  static const Oid types[] = {INT4OID, INT8ARRAYOID, kInstants, kInstants, INTERVALOID};
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
  static Statement happened(
      "select c.*, r.n from unnest($2, $3, $4) r (n, lo, hi)"
      " cross join lateral calytics.happened_between($1, r.lo, r.hi, $5) h"
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

namespace {

void add_waiting(void* context, const Datum* values, const bool* nulls) {
  const auto instant = [&](int i) { return nulls[i] ? kUnknown : DatumGetTimestampTz(values[i]); };
  count_awaiting(*static_cast<Reader*>(context), instant(6), instant(0), instant(1), instant(2),
                 {text_of(values[3]), text_of(values[4]), text_of(values[5])}, 1);
}

}  // namespace

void add_awaiting(Reader& reader) {
  static const Oid types[] = {INT4OID, kInstants, kInstants, kInstants};
  // Those who were asked after `since` about a booking that begins before the end of a span.
  static Statement query(
      "select x.awaiting_at, x.starts_at, x.created_at, x.service, x.host, x.currency, w.as_of"
      "  from unnest($2, $3, $4) w (as_of, since, until)"
      " cross join lateral ("
      "   select c.awaiting_at, c.starts_at, c.created_at, c.service, c.host, c.currency"
      "     from calytics.chain c"
      "    where tstzrange(least(c.created_at, c.starts_at, c.awaiting_at), c.awaiting_at, '[]')"
      "            && tstzrange(least(w.since, w.until), greatest(w.since, w.until), '[]')"
      "      and c.awaiting_at is not null and c.confirmed_at is not null and c.source_id = $1"
      "   offset 0) x",
      types);
  const auto spans = reader.sums->spans().all;
  Parameters<3> wanted(spans.size());
  for (std::size_t i = 0; i < spans.size(); ++i) {
    const auto same = [&](const Span& span) { return span.as_of == spans[i].as_of; };
    if (std::any_of(spans.begin(), spans.begin() + static_cast<std::ptrdiff_t>(i), same)) continue;
    TimestampTz until = DT_NOBEGIN;
    for (const Span& span : spans) {
      if (same(span)) until = std::max(until, span.hi);
    }
    wanted.put({TimestampTzGetDatum(spans[i].as_of),
                TimestampTzGetDatum(spans[i].as_of - reader.sums->rules().lapse_after),
                TimestampTzGetDatum(until)});
  }
  const std::array<Datum, 4> values = {
      Int32GetDatum(reader.source), wanted.array(0, TIMESTAMPTZOID),
      wanted.array(1, TIMESTAMPTZOID), wanted.array(2, TIMESTAMPTZOID)};
  query.run(values.data(), nullptr, add_waiting, &reader);
}

}  // namespace calytics::glue
