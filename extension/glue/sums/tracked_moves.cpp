#include "glue/sums/tracked_moves.hpp"

extern "C" {
#include "utils/memutils.h"
}

#include <algorithm>

#include "glue/facts/track_rows.hpp"
#include "glue/pg/list.hpp"
#include "glue/sums/tracked_sums.hpp"

namespace calytics::glue {

namespace {

struct Passed {
  TimestampTz at;
  core::CubeKey key;
  std::string_view counts;
};

// An end of a span that has moved: what lies between is to be counted with that weight.
struct Move {
  const Span* span;
  std::size_t end;
  TimestampTz lo;
  TimestampTz hi;
  std::int64_t weight;

  bool passes_what(const Move& other) const {
    return span->basis_name == other.span->basis_name && lo == other.lo && hi == other.hi;
  }
};

}  // namespace

// What lies ahead of an end, and perhaps of the same ends of other spans.
struct EndAhead {
  MemoryContext memory;
  std::string_view basis;
  LookAhead known;
  List<Passed> rows;
};

namespace {

struct Moves {
  Reader* reader;
  std::span<EndAhead> ends;
  List<Move> all;

  void put(const Span& span, TimestampTz from, TimestampTz to, bool is_end) {
    if (from == to) return;
    const auto index = static_cast<std::size_t>(&span - reader->sums->spans().all.data());
    all.put({&span, 2 * index + (is_end ? 1 : 0), std::min(from, to), std::max(from, to),
             (from < to) == is_end ? 1 : -1});
  }
};

void take_row(void* context, const Datum* values, const bool* /*nulls*/) {
  EndAhead& ahead =
      static_cast<Moves*>(context)->ends[static_cast<std::size_t>(DatumGetInt64(values[6]))];
  const auto kept = [&](int column) { return kept_text(values[column], false, ahead.memory); };
  ahead.rows.put({DatumGetTimestampTz(values[1]), {kept(2), kept(3), {}}, kept(4)});
}

void read(Moves& moves, std::span<const std::size_t> wanted) {
  if (wanted.empty()) return;
  Parameters<4> ranges(wanted.size());
  for (const std::size_t end : wanted) {
    const EndAhead& ahead = moves.ends[end];
    ranges.put({Int64GetDatum(static_cast<std::int64_t>(end)), text_datum(ahead.basis),
                TimestampTzGetDatum(ahead.known.lo), TimestampTzGetDatum(ahead.known.hi)});
  }
  read_tracked(*moves.reader, ranges, take_row, &moves);
  for (const std::size_t end : wanted)
    moves.ends[end].known.learn(moves.ends[end].rows.size);
}

void begin(EndAhead& ahead, const Move& move) {
  MemoryContextReset(ahead.memory);
  ahead.rows = {ahead.memory};
  ahead.basis = move.span->basis_name;
  ahead.known.begin(move.lo, move.hi);
}

}  // namespace

TrackedAhead::TrackedAhead(std::size_t spans, MemoryContext memory)
    : steps_(spans, memory),
      ends_(static_cast<EndAhead*>(MemoryContextAlloc(memory, 2 * spans * sizeof(EndAhead))),
            2 * spans) {
  for (EndAhead& end : ends_) {
    end = {};
    end.memory = AllocSetContextCreate(memory, "calytics end", ALLOCSET_SMALL_SIZES);
  }
}

void TrackedAhead::move(Reader& reader, std::span<const Span> to) {
  const auto spans = reader.sums->spans().all;
  Moves moves = {&reader, ends_, {CurrentMemoryContext}};
  for (std::size_t i = 0; i < spans.size(); ++i) {
    moves.put(spans[i], spans[i].lo, to[i].lo, false);
    if (!spans[i].open) moves.put(spans[i], spans[i].hi, to[i].hi, true);
  }
  List<std::size_t> unknown = {CurrentMemoryContext};
  const auto same = [&](const Move& move) {
    return std::find_if(moves.all.begin(), moves.all.end(),
                        [&](const Move& other) { return other.passes_what(move); });
  };
  for (const Move& move : moves.all) {
    EndAhead& ahead = ends_[move.end];
    if (same(move) == &move && !ahead.known.covers(move.lo, move.hi)) {
      begin(ahead, move);
      unknown.put(move.end);
    }
  }
  read(moves, {unknown.items, unknown.size});
  for (const Move& move : moves.all) {
    for (const Passed& row : ends_[same(move)->end].rows) {
      if (row.at >= move.lo && row.at < move.hi)
        add_tracked(reader, *move.span, row.at, row.key, row.counts, move.weight);
    }
  }
  for (std::size_t i = 0; i < spans.size(); ++i) {
    spans[i].lo = to[i].lo;
    spans[i].hi = to[i].hi;
    spans[i].as_of = to[i].as_of;
  }
}

void TrackedAhead::forget_hour(const core::Rules& rules, std::string_view basis, Timestamp hour) {
  if (basis == "funnel") steps_.forget_hour(rules, hour);
  for (EndAhead& end : ends_) {
    if (end.basis == basis) end.known.forget_hour(rules, hour);
  }
}

}  // namespace calytics::glue
