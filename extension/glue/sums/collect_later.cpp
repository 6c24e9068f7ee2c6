// What makes sums that are remembered those of now: the changes that the folder logged since, and
// the facts that lie between where the ends of spans were and where they are.

#include <algorithm>

#include "glue/facts/fact.hpp"
#include "glue/sums/reader.hpp"

namespace calytics::glue {

namespace {

using core::Basis;

struct Log {
  Reader* reader;
  Quiet* quiet;
  std::int64_t run;  // the last one that was caught up with
  bool whole = true;
};

Datum column_of(HeapTupleHeader row, int column, bool& null) {
  return GetAttributeByNum(row, static_cast<AttrNumber>(column), &null);
}

void add_logged_fact(Reader& reader, Datum change, int column, std::int64_t weight) {
  bool null = false;
  const Datum fact = column_of(DatumGetHeapTupleHeader(change), column, null);
  if (null) return;
  HeapTupleHeader chain = DatumGetHeapTupleHeader(fact);
  if (DatumGetInt32(column_of(chain, 1, null)) == reader.source)
    add_fact(reader, fact_of(chain), weight);
}

void add_logged(void* context, const Datum* values, const bool* nulls_of_row) {
  auto& log = *static_cast<Log*>(context);
  log.whole = log.whole && DatumGetInt64(values[0]) == log.run + 1 && !nulls_of_row[1];
  if (!log.whole) return;
  ++log.run;
  ArrayType* array = DatumGetArrayTypeP(values[1]);
  if (ARR_NDIM(array) == 0) return;
  log.quiet->size = 0;
  Datum* changes = nullptr;
  bool* nulls = nullptr;
  int size = 0;
  deconstruct_array(array, ARR_ELEMTYPE(array), -1, false, TYPALIGN_DOUBLE, &changes, &nulls,
                    &size);
  for (int i = 0; i < size; ++i) {
    if (nulls[i]) continue;
    add_logged_fact(*log.reader, changes[i], 1, -1);
    add_logged_fact(*log.reader, changes[i], 2, 1);
  }
}

}  // namespace

bool catch_up(Reader& reader, Quiet& quiet, std::int64_t run) {
  if (run == reader.run) return true;
  static const Oid types[] = {INT8OID, INT8OID};
  static Statement query(
      "select l.run, l.changes from calytics.fold_log l where l.run > $1 and l.run <= $2"
      " order by l.run",
      types);
  const std::array<Datum, 2> values = {Int64GetDatum(run), Int64GetDatum(reader.run)};
  Log log = {&reader, &quiet, run};
  query.run(values.data(), nullptr, add_logged, &log);
  return log.run == reader.run;
}

namespace {

// By what facts are looked up that a moved end is about.
enum class Mover : std::int32_t { start = 1, creation, event, end, request };

// Ranges in which ends have moved, each once.
class Ranges {
 public:
  explicit Ranges(std::size_t room)
      : ranges_(static_cast<Quiet::Range*>(palloc(sizeof(Quiet::Range) * (room + 1)))) {}

  void put(Mover mover, TimestampTz from, TimestampTz to) {
    const auto by = static_cast<std::int32_t>(mover);
    const auto same = [&](const Quiet::Range& there) {
      return there.by == by && there.lo == std::min(from, to) && there.hi == std::max(from, to);
    };
    if (from == to || std::any_of(ranges_, ranges_ + size_, same)) return;
    ranges_[size_++] = {by, std::min(from, to), std::max(from, to)};
  }
  std::span<Quiet::Range> all() { return {ranges_, size_}; }

  bool have(Mover mover) const {
    return std::any_of(ranges_, ranges_ + size_, [&](const Quiet::Range& range) {
      return range.by == static_cast<std::int32_t>(mover);
    });
  }
  bool lie_in(const Quiet& quiet) const {
    return std::all_of(ranges_, ranges_ + size_, [&](const Quiet::Range& range) {
      return std::any_of(
          quiet.ranges.begin(), quiet.ranges.begin() + static_cast<std::ptrdiff_t>(quiet.size),
          [&](const Quiet::Range& known) {
            return known.by == range.by && known.lo <= range.lo && range.hi <= known.hi;
          });
    });
  }

 private:
  Quiet::Range* ranges_;
  std::size_t size_ = 0;
};

struct Move {
  Reader* reader;
  std::span<Span> now;
  std::span<Span> then;
  std::size_t facts = 0;

  void exchange() const {
    for (std::size_t i = 0; i < now.size(); ++i) {
      std::swap(now[i].lo, then[i].lo);
      std::swap(now[i].hi, then[i].hi);
      std::swap(now[i].ended_by, then[i].ended_by);
      std::swap(now[i].as_of, then[i].as_of);
    }
  }
};

void move_fact(void* context, const Datum* values, const bool* nulls) {
  Move& move = *static_cast<Move*>(context);
  ++move.facts;
  const core::Fact fact = fact_of(values, nulls);
  add_fact(*move.reader, fact, -1);
  move.exchange();
  add_fact(*move.reader, fact, 1);
  move.exchange();
}

Ranges ranges_of(const Move& move, std::int64_t lapse_after) {
  Ranges ranges(move.now.size() * 4);
  for (std::size_t i = 0; i < move.now.size(); ++i) {
    const Span& from = move.now[i];
    const Span& to = move.then[i];
    ranges.put(Mover::request, from.as_of - lapse_after, to.as_of - lapse_after);
    if (from.basis == Basis::cohort) continue;
    const Mover by = from.basis == Basis::service  ? Mover::start
                     : from.basis == Basis::booked ? Mover::creation
                                                   : Mover::event;
    ranges.put(by, from.lo, to.lo);
    ranges.put(by, from.hi, to.hi);
    if (from.basis == Basis::service) ranges.put(Mover::end, from.ended_by, to.ended_by);
  }
  return ranges;
}

// Moves the facts that are told by instants in these ranges; those of the segments from one on
// whatever their instants.
void move_facts(Move& move, std::span<const Quiet::Range> ranges, std::int64_t marked_from) {
  static const Oid types[] = {INT4OID, INT4ARRAYOID, kInstants, kInstants, INTERVALOID, INT8OID};
  static Statement query(
      "with moved as materialized ("
      "  select r.* from unnest($2, $3, $4) r (by, lo, hi))"
      "select c.* from ("
      "  select x.root_uid from moved r cross join lateral ("
      "    select s.root_uid from calytics.chain s"
      "     where s.starts_at >= r.lo and s.starts_at < r.hi and s.source_id = $1 offset 0) x"
      "   where r.by = 1"
      "  union"
      "  select x.root_uid from moved r cross join lateral ("
      "    select s.root_uid from calytics.chain s"
      "     where s.created_at >= r.lo and s.created_at < r.hi and s.source_id = $1 offset 0) x"
      "   where r.by = 2"
      "  union"
      "  select x.root_uid from moved r"
      "   cross join lateral calytics.happened_between($1, r.lo, r.hi, $5) x"
      "   where r.by = 3"
      "  union"
      "  select x.root_uid from moved r cross join lateral ("
      "    select s.root_uid from calytics.chain s"
      "     where s.ended_at >= r.lo and s.ended_at <= r.hi and s.source_id = $1 offset 0) x"
      "   where r.by = 4"
      "  union"
      "  select x.root_uid from moved r cross join lateral ("
      "    select s.root_uid from calytics.chain s"
      "     where s.awaiting_at >= r.lo and s.awaiting_at <= r.hi and s.source_id = $1"
      "    offset 0) x"
      "   where r.by = 5"
      "  union"
      "  select m.root_uid from calytics.chain_mark m where m.segment >= $6 and m.source_id = $1"
      "  ) h"
      " join calytics.chain c on c.source_id = $1 and c.root_uid = h.root_uid",
      types);
  Parameters<3> moved(ranges.size());
  for (const Quiet::Range& range : ranges)
    moved.put(
        {Int32GetDatum(range.by), TimestampTzGetDatum(range.lo), TimestampTzGetDatum(range.hi)});
  Interval lapse = {};
  lapse.time = move.reader->sums->rules().lapse_after;
  const std::array<Datum, 6> values = {
      Int32GetDatum(move.reader->source), moved.array(0, INT4OID),   moved.array(1, TIMESTAMPTZOID),
      moved.array(2, TIMESTAMPTZOID),     IntervalPGetDatum(&lapse), Int64GetDatum(marked_from)};
  query.run(values.data(), nullptr, move_fact, &move);
}

// The same a while further on: a fact that these moves don't concern counts as before.
void move_and_look_ahead(Move& move, std::span<Quiet::Range> ranges, Quiet& quiet) {
  constexpr std::int64_t shortest = core::kHour / 36'000;
  constexpr std::int64_t longest = core::kHour / 60;
  for (Quiet::Range& range : ranges)
    range.hi += quiet.reach;
  quiet.size = 0;
  move_facts(move, ranges, PG_INT64_MAX);
  const bool is_quiet = move.facts == 0 && ranges.size() <= Quiet::most;
  quiet.reach = std::clamp(is_quiet ? 2 * quiet.reach : quiet.reach / 2, shortest, longest);
  if (!is_quiet) return;
  std::copy(ranges.begin(), ranges.end(), quiet.ranges.begin());
  quiet.size = ranges.size();
}

}  // namespace

void move_to(Reader& reader, Quiet& quiet, std::span<const Span> spans) {
  Move move = {&reader, reader.sums->spans().all, {}};
  auto* then = static_cast<Span*>(palloc(sizeof(Span) * (spans.size() + 1)));
  std::copy(spans.begin(), spans.end(), then);
  move.then = {then, spans.size()};
  Ranges ranges = ranges_of(move, reader.sums->rules().lapse_after);
  if (reader.marks && ranges.have(Mover::event)) {
    // What is marked is not found where its legs were when it was folded.
    quiet.size = 0;
    move_facts(move, ranges.all(), reader.segment);
  } else if (!ranges.lie_in(quiet)) {
    move_and_look_ahead(move, ranges.all(), quiet);
  }
  move.exchange();
}

}  // namespace calytics::glue
