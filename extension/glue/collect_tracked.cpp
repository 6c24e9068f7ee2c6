// calytics.collect_tracked, the reader of what is tracked: buckets, plus events that are not folded
// and what became of their sessions and funnels, corrected by the parts of hours that a span's ends
// cut off and by the steps of funnels that were taken after the moment a span is looked at. A
// session that asks again is answered out of what it remembers (memo.hpp): what the folder's runs
// have added since, and what the ends of spans moved through, is all that is read.

#include <algorithm>

#include "core/track_counts.hpp"
#include "feed.hpp"
#include "memo.hpp"
#include "origin_labels.hpp"
#include "spans.hpp"
#include "track_changes.hpp"

CALYTICS_SQL_FUNCTION(calytics_collect_tracked);

namespace calytics::glue {

namespace {

using core::Basis;
using core::CubeKey;
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

// What is pending, on its way to the spans that it belongs to.
struct Pending {
  Reader* reader;
  List<OriginCount> origins;
};

std::string_view tally_bytes(const core::TrackCounts& counts, std::size_t size,
                             std::uint8_t* room) {
  core::TallyWriter writer(room);
  for (std::size_t i = 0; i < size; ++i)
    writer.put(counts[i].index, counts[i].count);
  return {reinterpret_cast<const char*>(room), static_cast<std::size_t>(writer.end() - room)};
}

using TallyRoom = std::array<std::uint8_t, core::TallyWriter::room(core::kMostTrackCounts)>;

void add_to(Reader& reader, const Span& span, TimestampTz at, const CubeKey& key,
            const core::TrackCounts& counts, std::size_t size, std::int64_t weight) {
  Collector& sums = *reader.sums;
  if (!sums.lets(key.service, key.host)) return;
  TallyRoom room;
  sums.add(span, false, local_time(sums.rules(), at), key, tally_bytes(counts, size, room.data()),
           weight);
}

void add_event(void* context, const PendingEvent& pending) {
  Reader& reader = *static_cast<Pending*>(context)->reader;
  core::TrackCounts counts;
  std::size_t size = 0;
  for (const Span& span : reader.sums->spans().all) {
    if (span.basis_name != "tracking" || !within(span, pending.event.at)) continue;
    if (size == 0) size = core::count_event(counted(pending), counts);
    add_to(reader, span, pending.event.at, {pending.event.service, {}, {}}, counts, size, 1);
  }
}

void add_session_fact(Pending& pending, const core::SessionFact& fact, std::int64_t weight) {
  Reader& reader = *pending.reader;
  core::TrackCounts counts;
  const std::size_t size = core::count_session(fact.claimed, fact.booked, counts);
  bool has_origins = false;
  for (const Span& span : reader.sums->spans().all) {
    if (!within(span, fact.began_at)) continue;
    has_origins = has_origins || span.basis_name == "origin";
    if (span.basis_name == "session") add_to(reader, span, fact.began_at, {}, counts, size, weight);
  }
  if (has_origins) put_origins(pending.origins, fact, weight);
}

void add_session(void* context, const SessionChange& change) {
  auto& pending = *static_cast<Pending*>(context);
  if (change.before != nullptr) add_session_fact(pending, *change.before, -1);
  if (change.after != nullptr) add_session_fact(pending, *change.after, 1);
}

void add_funnel_fact(Pending& pending, const core::FunnelFact& fact, std::int64_t weight) {
  if (fact.steps == 0) return;
  for (const Span& span : pending.reader->sums->spans().all) {
    if (span.basis_name != "funnel" || !within(span, fact.reached[0])) continue;
    core::TrackCounts counts;
    const TimestampTz by = fact.reached[0] <= span.as_of ? span.as_of : DT_NOEND;
    const std::size_t size = core::count_steps(fact.ways(), by, counts);
    add_to(*pending.reader, span, fact.reached[0], {fact.service, {}, {}}, counts, size, weight);
  }
}

void add_funnel(void* context, const FunnelChange& change) {
  auto& pending = *static_cast<Pending*>(context);
  if (change.before != nullptr) add_funnel_fact(pending, *change.before, -1);
  if (change.after != nullptr) add_funnel_fact(pending, *change.after, 1);
}

void add_pending(Reader& reader) {
  MemoryContext memory = CurrentMemoryContext;
  Pending pending = {&reader, {memory}};
  const TrackSinks sinks = {&pending, add_session, add_funnel, add_event};
  track_changes({reader.source, reader.segment, PG_INT64_MAX, reader.since}, reader.marks, memory,
                sinks);
  label_origins(pending.origins, reader.source);
  for (const OriginCount& origin : pending.origins) {
    core::TrackCounts counts;
    const std::size_t size = core::count_session(origin.claimed, origin.booked, counts);
    for (const Span& span : reader.sums->spans().all) {
      if (span.basis_name == "origin" && within(span, origin.at))
        add_to(reader, span, origin.at, {origin.name, origin.kind, {}}, counts, size,
               origin.weight);
    }
  }
}

void add_step_ahead(void* context, const Datum* values, const bool* /*nulls*/) {
  Reader& reader = *static_cast<Reader*>(context);
  const Counted row(values);
  const TimestampTz as_of = DatumGetTimestampTz(values[6]);
  for (const Span& span : reader.sums->spans().all) {
    if (span.basis_name == row.basis && within(span, row.at) && span.as_of == as_of)
      add(reader, span, row, row.weight);
  }
}

// Takes back the steps of funnels taken after the moments at which spans are looked at; of the same
// moment, in the widest range.
void add_ahead(Reader& reader, TimestampTz tracked_until) {
  static const Oid types[] = {INT4OID, kInstants, kInstants, kInstants};
  static Statement query("select t.* from calytics.funnel_ahead($1, $2, $3, $4) t", types);
  const auto spans = reader.sums->spans().all;
  Parameters<3> moments(spans.size());
  for (std::size_t i = 0; i < spans.size(); ++i) {
    if (spans[i].basis_name != "funnel" || spans[i].as_of > tracked_until) continue;
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
  if (moments.size() == 0) return;
  const std::array<Datum, 4> values = {
      Int32GetDatum(reader.source), moments.array(0, TIMESTAMPTZOID),
      moments.array(1, TIMESTAMPTZOID), moments.array(2, TIMESTAMPTZOID)};
  query.run(values.data(), nullptr, add_step_ahead, &reader);
}

// What lies in parts of hours, or in ranges that the ends of spans moved through.
struct Cuts {
  Reader* reader;
  std::span<const Correction> corrections;
  bool whole;  // ranges, not parts of the corrections' hours
};

void add_cut(void* context, const Datum* values, const bool* /*nulls*/) {
  const Cuts& cuts = *static_cast<Cuts*>(context);
  Reader& reader = *cuts.reader;
  const Counted row(values);
  const Correction& wanted = cuts.corrections[static_cast<std::size_t>(DatumGetInt64(values[6]))];
  if (!cuts.whole && hour_of(local_time(reader.sums->rules(), row.at)) != wanted.hour) return;
  for (const Correction& correction : cuts.corrections) {
    if (correction.span->basis_name == row.basis && correction.lo == wanted.lo &&
        correction.hi == wanted.hi)
      add(reader, *correction.span, row, correction.weight);
  }
}

void add_tracked_cuts(Cuts cuts) {
  static const Oid types[] = {INT4OID, INT8OID, INT8ARRAYOID, TEXTARRAYOID, kInstants, kInstants};
  static Statement query(
      "select t.*, r.n from unnest($3, $4, $5, $6) r (n, basis, lo, hi)"
      " cross join lateral calytics.tracked_between($1, $2, r.basis, r.lo, r.hi) t",
      types);
  const auto corrections = cuts.corrections;
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
      Int32GetDatum(cuts.reader->source), Int64GetDatum(cuts.reader->segment),
      ranges.array(0, INT8OID),           ranges.array(1, TEXTOID),
      ranges.array(2, TIMESTAMPTZOID),    ranges.array(3, TIMESTAMPTZOID)};
  query.run(values.data(), nullptr, add_cut, &cuts);
}

// The runs of the folder since sums were remembered.
struct Runs {
  Reader* reader;
  const WholeHours* hours;  // of each span
  std::int64_t run;         // the last one that was caught up with
  bool whole = true;
};

void add_run(void* context, const Datum* values, const bool* nulls) {
  auto& runs = *static_cast<Runs*>(context);
  const std::int64_t run = DatumGetInt64(values[0]);
  runs.whole = runs.whole && (run == runs.run || run == runs.run + 1);
  runs.run = run;
  if (!runs.whole || nulls[1]) return;
  Collector& sums = *runs.reader->sums;
  const auto spans = sums.spans().all;
  const std::string_view basis = text_of(values[1]);
  const Timestamp hour = DatumGetTimestamp(values[2]);
  for (std::size_t i = 0; i < spans.size() && runs.whole; ++i) {
    if (spans[i].basis_name != basis) continue;
    const WholeHours::Part part = runs.hours[i].part_of(hour);
    runs.whole = part != WholeHours::Part::some;
    if (part == WholeHours::Part::all) sums.add_cube(spans[i], hour, text_of(values[3]), 1);
  }
}

// Makes sums of an earlier run those of the reader's; false if what happened since can't be told.
bool catch_up_tracked(Reader& reader, std::int64_t run) {
  if (run == reader.run) return true;
  static const Oid types[] = {INT8OID, INT8OID, INT4OID};
  static Statement query(
      "select l.run, r.basis, r.at, r.cells from calytics.fold_log l"
      "  left join calytics.recent_delta r on r.run = l.run and r.source_id = $3"
      "   and r.basis in ('tracking', 'session', 'origin', 'funnel')"
      " where l.run > $1 and l.run <= $2 order by l.run",
      types);
  const std::array<Datum, 3> values = {Int64GetDatum(run), Int64GetDatum(reader.run),
                                       Int32GetDatum(reader.source)};
  const auto spans = reader.sums->spans().all;
  auto* hours = static_cast<WholeHours*>(palloc(sizeof(WholeHours) * (spans.size() + 1)));
  for (std::size_t i = 0; i < spans.size(); ++i)
    hours[i] = WholeHours(reader.sums->rules(), spans[i].lo, spans[i].hi, spans[i].open);
  Runs runs = {&reader, hours, run};
  query.run(values.data(), nullptr, add_run, &runs);
  return runs.whole && runs.run == reader.run;
}

void put_move(const Span& span, TimestampTz from, TimestampTz to, bool end, Correction* moves,
              std::size_t& size) {
  if (from == to) return;
  moves[size++] = {&span, std::min(from, to), std::max(from, to), 0, (from < to) == end ? 1 : -1};
}

// Makes sums those of spans whose ends have moved.
void move_tracked(Reader& reader, std::span<const Span> to) {
  const auto spans = reader.sums->spans().all;
  auto* moves = static_cast<Correction*>(palloc(sizeof(Correction) * 2 * (spans.size() + 1)));
  std::size_t size = 0;
  for (std::size_t i = 0; i < spans.size(); ++i) {
    put_move(spans[i], spans[i].lo, to[i].lo, false, moves, size);
    if (!spans[i].open) put_move(spans[i], spans[i].hi, to[i].hi, true, moves, size);
  }
  add_tracked_cuts({&reader, {moves, size}, true});
  for (std::size_t i = 0; i < spans.size(); ++i) {
    spans[i].lo = to[i].lo;
    spans[i].hi = to[i].hi;
    spans[i].as_of = to[i].as_of;
  }
}

void read_instant(void* context, const Datum* values, const bool* nulls) {
  if (!nulls[0]) *static_cast<TimestampTz*>(context) = DatumGetTimestampTz(values[0]);
}

}  // namespace

TimestampTz tracked_until(std::int32_t source) {
  static const Oid types[] = {INT4OID};
  static Statement query(
      "select t.until from calytics.tracked_until t where t.source_id = $1"
      " order by t.until desc limit 1",
      types);
  const Datum value = Int32GetDatum(source);
  TimestampTz result = DT_NOBEGIN;
  query.run(&value, nullptr, read_instant, &result);
  return result;
}

namespace {

// Who is told of the sums, and until when anything is in the buckets.
struct Answer {
  SumSink sink;
  void* context;
  TimestampTz tracked_until;
};

// Gives the sums of what is folded and of what is not.
void answer(Reader& reader, const Answer& to) {
  Collector& folded = *reader.sums;
  Collector pending(folded.question(), CurrentMemoryContext);
  reader.sums = &pending;
  add_ahead(reader, to.tracked_until);
  add_pending(reader);
  folded.add(pending, 1);
  folded.each(to.sink, to.context);
  folded.add(pending, -1);
  reader.sums = &folded;
}

// False if what is remembered is of no use in this snapshot.
bool answer_from(Memo& memo, Reader& reader, const Question& question, const Answer& to) {
  open_memo(memo);
  reader.sums = memo.sums;
  if (!catch_up_tracked(reader, memo.run)) {
    forget(memo);
    return false;
  }
  move_tracked(reader, question.spans.all);
  answer(reader, to);
  settle_memo(memo, reader.run);
  return true;
}

}  // namespace

void collect_tracked(std::int32_t source, std::span<const Span> spans, const Filter& services,
                     const Filter& hosts, MemoryContext memory, SumSink sink, void* context) {
  Reader reader = {source, nullptr};
  core::Rules rules;
  if (!read_settings(reader, rules, memory)) return;
  const TimestampTz until = tracked_until(source);
  const Question question = {source, rules, rounded(spans, rules, until), services, hosts};
  if (question.spans.all.empty()) return;
  const Answer to = {sink, context, until};
  bool remembers = may_remember(question);
  Memo* memo = remembers ? memo_of(question, reader.state_table) : nullptr;
  if (memo != nullptr && memo->run > reader.run) {
    // An old snapshot.
    remembers = false;
  } else if (memo != nullptr && answer_from(*memo, reader, question, to)) {
    return;
  }
  MemoryContext own = AllocSetContextCreate(memory, "calytics memo", ALLOCSET_DEFAULT_SIZES);
  Collector sums(question, own);
  reader.sums = &sums;
  add_buckets(reader);
  add_deltas(reader);
  add_tracked_cuts({&reader, question.spans.corrections, false});
  answer(reader, to);
  if (remembers) remember_sums(reader, own);
  reader.sums = nullptr;
}

}  // namespace calytics::glue

Datum calytics_collect_tracked(PG_FUNCTION_ARGS) {
  return calytics::glue::put_sums(fcinfo, calytics::glue::collect_tracked);
}
