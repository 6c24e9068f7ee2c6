// calytics.collect_tracked, the reader of what is tracked: buckets, plus events that are not folded
// and what became of their sessions and funnels, corrected by the parts of hours that a span's ends
// cut off and by the steps of funnels that were taken after the moment a span is looked at. A
// session that asks again is answered out of what it remembers (memo.hpp): what the folder's runs
// have added since, and what the ends of spans move through (tracked_moves.hpp), is all that is
// read.

#include "glue/sums/memo.hpp"

extern "C" {
#include "utils/memutils.h"
}

#include <new>

#include "glue/facts/zone.hpp"
#include "glue/sums/spans.hpp"
#include "glue/sums/tracked_moves.hpp"
#include "glue/sums/tracked_sums.hpp"
#include "glue/worker/folder_slots.hpp"

CALYTICS_SQL_FUNCTION(calytics_collect_tracked);

namespace calytics::glue {

namespace {

// The runs of the folder since sums were remembered.
struct Runs {
  Reader* reader;
  TrackedAhead* ahead;
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
  runs.ahead->forget_hour(sums.rules(), basis, hour);
  for (std::size_t i = 0; i < spans.size() && runs.whole; ++i) {
    if (spans[i].basis_name != basis) continue;
    const WholeHours::Part part = runs.hours[i].part_of(hour);
    runs.whole = part != WholeHours::Part::some;
    if (part == WholeHours::Part::all) sums.add_cube(spans[i], hour, text_of(values[3]), 1);
  }
}

// Makes sums of an earlier run those of the reader's; false if what happened since can't be told.
bool catch_up_tracked(Reader& reader, TrackedAhead& ahead, std::int64_t run) {
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
  Runs runs = {&reader, &ahead, hours, run};
  query.run(values.data(), nullptr, add_run, &runs);
  return runs.whole && runs.run == reader.run;
}

// Who is told of the sums.
struct Answer {
  SumSink sink;
  void* context;
};

// Gives the sums of what is folded and of what is not. ahead: nullptr where nothing is remembered.
void answer(Reader& reader, TrackedAhead* ahead, const Answer& to) {
  Collector& folded = *reader.sums;
  Collector pending(folded.question(), CurrentMemoryContext);
  reader.sums = &pending;
  if (ahead != nullptr) {
    ahead->take_back_steps(reader);
  } else {
    take_back_steps(reader);
  }
  add_pending(reader);
  folded.add(pending, 1);
  folded.each(to.sink, to.context);
  folded.add(pending, -1);
  reader.sums = &folded;
}

TrackedAhead& ahead_of(Memo& memo) {
  if (memo.ahead == nullptr) {
    memo.beside = AllocSetContextCreate(memo.memory, "calytics ahead", ALLOCSET_SMALL_SIZES);
    void* const place = MemoryContextAlloc(memo.beside, sizeof(TrackedAhead));
    memo.ahead = new (place) TrackedAhead(memo.sums->spans().all.size(), memo.beside);
  }
  return *memo.ahead;
}

// False if what is remembered is of no use in this snapshot.
bool answer_from(Memo& memo, Reader& reader, const Question& question, const Answer& to) {
  open_memo(memo);
  reader.sums = memo.sums;
  TrackedAhead& ahead = ahead_of(memo);
  if (!catch_up_tracked(reader, ahead, memo.run)) {
    forget(memo);
    return false;
  }
  ahead.move(reader, question.spans.all);
  answer(reader, &ahead, to);
  settle_memo(memo, reader.run);
  return true;
}

}  // namespace

void collect_tracked(std::int32_t source, std::span<const Span> spans, const Filter& services,
                     const Filter& hosts, MemoryContext memory, SumSink sink, void* context) {
  expect_reading();
  Reader reader = {source, nullptr};
  core::Rules rules;
  if (!read_settings(reader, rules, memory)) return;
  const Question question = {source, rules, rounded(spans, rules, reader.tracked_until), services,
                             hosts};
  if (question.spans.all.empty()) return;
  const Answer to = {sink, context};
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
  add_tracked_cuts(reader, question.spans.corrections);
  answer(reader, nullptr, to);
  if (remembers) remember_sums(reader, own);
  reader.sums = nullptr;
}

}  // namespace calytics::glue

Datum calytics_collect_tracked(PG_FUNCTION_ARGS) {
  return calytics::glue::put_sums(fcinfo, calytics::glue::collect_tracked);
}
