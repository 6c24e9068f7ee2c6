// What is not in the buckets as it now is: chains that were marked and not folded, and bookings
// whose client was asked for a new time and may still give one, which buckets count as cancelled.

#include <algorithm>

#include "glue/sums/feed.hpp"

namespace calytics::glue {

namespace {

using core::Basis;
using core::Contribution;
using core::CubeKey;
using core::Fact;
using core::kUnknown;

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

void add_changed(void* context, const Datum* values, const bool* nulls) {
  Reader& reader = *static_cast<Reader*>(context);
  if (!nulls[0]) add_fact(reader, fact_of(DatumGetHeapTupleHeader(values[0])), -1);
  if (!nulls[1]) add_fact(reader, fact_of(DatumGetHeapTupleHeader(values[1])), 1);
}

}  // namespace

void add_fact(Reader& reader, const Fact& fact, std::int64_t weight) {
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

void add_changes(Reader& reader) {
  static const Oid types[] = {INT4OID, INT8OID};
  static Statement query("select u.before, u.after from calytics.unsettled($1, $2) u", types);
  const std::array<Datum, 2> values = {Int32GetDatum(reader.source), Int64GetDatum(reader.segment)};
  query.run(values.data(), nullptr, add_changed, &reader);
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
