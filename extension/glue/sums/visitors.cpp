// calytics.visitors: distinct visitors of a range, which can be united and never added up. A
// session remembers the sketches it has united; asked again, it unites them with what the folder's
// runs have added since, with what the end of the range moved over, and, for this answer alone,
// with what is pending. The rules are those of memo.hpp.

#include "glue/pg/pg.hpp"

extern "C" {
#include "utils/memutils.h"
}

#include <algorithm>

#include "glue/facts/pending_events.hpp"
#include "glue/facts/zone.hpp"
#include "glue/pg/rows.hpp"
#include "glue/sums/period.hpp"
#include "glue/sums/reader.hpp"
#include "glue/sums/sketch_union.hpp"
#include "glue/sums/spans.hpp"
#include "glue/sums/visitors.hpp"
#include "glue/sums/visitors_pending.hpp"
#include "glue/worker/folder_slots.hpp"

CALYTICS_SQL_FUNCTION(calytics_visitors);

namespace calytics::glue {

namespace {

// One call.
struct Call {
  Reader reader;
  core::Rules rules;
  Asked asked;
};

void put_piece(void* context, const Datum* values, const bool* /*nulls*/) {
  static_cast<Union*>(context)->put(DatumGetTimestamp(values[0]), values[1]);
}

Datum zone_datum(const Call& call) {
  return text_datum(call.asked.zone);
}

// The longest time that sketches may be of, which are to be united by that unit.
const char* coarsest_grain(core::Unit unit) {
  if (unit == core::Unit::hour) return "hour";
  return unit == core::Unit::day || unit == core::Unit::week ? "day" : "month";
}

void put_folded(const Call& call, TimestampTz until, Union& pieces) {
  static const Oid types[] = {INT4OID,        TEXTOID,        INT8OID,        INT8OID,
                              TIMESTAMPTZOID, TIMESTAMPTZOID, TIMESTAMPTZOID, TEXTOID};
  static Statement query(
      "select v.* from calytics.visitors_folded($1, $2, $3, $4, $5, $6, $7, $8) v", types);
  const std::array<Datum, 8> values = {
      Int32GetDatum(call.asked.source),   zone_datum(call),
      Int64GetDatum(call.reader.segment), Int64GetDatum(call.reader.recent_run),
      TimestampTzGetDatum(until),         TimestampTzGetDatum(call.asked.lo),
      TimestampTzGetDatum(call.asked.hi), text_datum(coarsest_grain(call.asked.unit))};
  query.run(values.data(), nullptr, put_piece, &pieces);
}

void put_visit(void* context, const Datum* values, const bool* /*nulls*/) {
  static_cast<List<Visit>*>(context)->put(
      {DatumGetTimestampTz(values[0]), *DatumGetUUIDP(values[1])});
}

// What the end of the range has moved over.
void put_moved(const Call& call, VisitorMemo& memo, Union& pieces) {
  static const Oid types[] = {INT4OID, INT8OID, TIMESTAMPTZOID, TIMESTAMPTZOID};
  static Statement query("select v.* from calytics.visits_between($1, $2, $3, $4) v", types);
  Asked passed = call.asked;
  passed.lo = memo.asked.hi;
  if (!memo.known.covers(passed.lo, passed.hi)) {
    MemoryContextReset(memo.visits.memory);
    memo.visits = {memo.visits.memory};
    memo.known.begin(passed.lo, passed.hi);
    const std::array<Datum, 4> values = {
        Int32GetDatum(call.asked.source), Int64GetDatum(call.reader.segment),
        TimestampTzGetDatum(memo.known.lo), TimestampTzGetDatum(memo.known.hi)};
    query.run(values.data(), nullptr, put_visit, &memo.visits);
    memo.known.learn(memo.visits.size);
  }
  sketch_visits(memo.visits, passed, call.rules, put_piece, &pieces);
}

// The runs of the folder since a memo's.
struct Runs {
  const Call* call;
  VisitorMemo* memo;
  Union* pieces;
  WholeHours hours;
  std::int64_t run;
  bool whole = true;
};

void put_run(void* context, const Datum* values, const bool* nulls) {
  auto& runs = *static_cast<Runs*>(context);
  const std::int64_t run = DatumGetInt64(values[0]);
  runs.whole = runs.whole && (run == runs.run || run == runs.run + 1);
  runs.run = run;
  if (!runs.whole || nulls[1]) return;
  const Timestamp hour = DatumGetTimestamp(values[1]);
  runs.memo->known.forget_hour(runs.call->rules, hour);
  const WholeHours::Part part = runs.hours.part_of(hour);
  runs.whole = part != WholeHours::Part::some;
  if (part == WholeHours::Part::all) runs.pieces->put(hour, values[2]);
}

bool put_runs(const Call& call, VisitorMemo& memo, Union& pieces) {
  if (memo.run == call.reader.run) return true;
  static const Oid types[] = {INT8OID, INT8OID, INT4OID};
  static Statement query(
      "select l.run, v.at, v.sketch from calytics.fold_log l"
      "  left join calytics.recent_visitor v on v.run = l.run and v.source_id = $3"
      " where l.run > $1 and l.run <= $2 order by l.run",
      types);
  const std::array<Datum, 3> values = {Int64GetDatum(memo.run), Int64GetDatum(call.reader.run),
                                       Int32GetDatum(call.asked.source)};
  Runs runs = {&call, &memo, &pieces,
               WholeHours(call.rules, memo.asked.lo, memo.asked.hi, memo.asked.open), memo.run};
  query.run(values.data(), nullptr, put_run, &runs);
  return runs.whole && runs.run == call.reader.run;
}

Sketch* sketch_of(const List<Sketch>& sketches, Timestamp unit) {
  Sketch* const found = std::find_if(sketches.begin(), sketches.end(),
                                     [&](const Sketch& s) { return s.unit == unit; });
  return found == sketches.end() ? nullptr : found;
}

void put_known(const List<Sketch>& sketches, Union& pieces) {
  for (const Sketch& sketch : sketches) {
    if (pieces.concerns(sketch.unit)) pieces.put_unit(sketch.unit, PointerGetDatum(sketch.bytes));
  }
}

void keep_united(void* context, const Datum* values, const bool* /*nulls*/) {
  auto& sketches = *static_cast<List<Sketch>*>(context);
  MemoryContext before = MemoryContextSwitchTo(sketches.memory);
  auto* bytes = PG_DETOAST_DATUM_COPY(values[1]);
  MemoryContextSwitchTo(before);
  const Timestamp unit = DatumGetTimestamp(values[0]);
  if (Sketch* const there = sketch_of(sketches, unit); there != nullptr) {
    pfree(there->bytes);
    there->bytes = bytes;
    there->visitors = DatumGetInt64(values[2]);
  } else {
    sketches.put({unit, bytes, DatumGetInt64(values[2])});
  }
}

void count_united(void* context, const Datum* values, const bool* /*nulls*/) {
  static_cast<List<Sketch>*>(context)->put(
      {DatumGetTimestamp(values[0]), nullptr, DatumGetInt64(values[2])});
}

// Who is told of the numbers.
struct Answer {
  VisitorSink sink;
  void* context;
};

void put_counts(const Call& call, const List<Sketch>& folded, const Answer& to) {
  MemoryContext memory = CurrentMemoryContext;
  Union pieces(call.asked, memory);
  pending_visitors(call.reader, call.asked, call.rules, put_piece, &pieces);
  put_known(folded, pieces);
  List<Sketch> counts = {memory};
  pieces.unite(count_united, &counts);
  for (const Sketch& sketch : folded) {
    if (sketch_of(counts, sketch.unit) == nullptr) counts.put(sketch);
  }
  const Sketch* const total = sketch_of(counts, kTotal);
  for (const Sketch& count : counts) {
    if (count.unit == kTotal) continue;
    to.sink(to.context, {count.unit, count.visitors, total == nullptr ? 0 : total->visitors});
  }
}

// False if what is remembered is of no use in this snapshot.
bool answer_from(VisitorMemo& memo, const Call& call, const Answer& to) {
  open_memo(memo);
  Union pieces(call.asked, CurrentMemoryContext);
  if (!put_runs(call, memo, pieces)) {
    forget(memo);
    return false;
  }
  if (!call.asked.open && memo.asked.hi < call.asked.hi) put_moved(call, memo, pieces);
  put_known(memo.sketches, pieces);
  pieces.unite(keep_united, &memo.sketches);
  put_counts(call, memo.sketches, to);
  settle_memo(memo, call.asked.hi, call.reader.run);
  return true;
}

void answer(Call& call, MemoryContext memory, const Answer& to) {
  expect_reading();
  if (!read_settings(call.reader, call.rules, memory)) return;
  const TimestampTz until = call.reader.tracked_until;
  call.asked.open = until < call.asked.hi;
  call.asked.week_start = call.rules.week_start;
  call.asked.zone = bytes_of(static_cast<const Zone*>(call.rules.zone)->name);
  bool may_remember = remembers();
  VisitorMemo* memo = may_remember ? memo_of(call.asked, call.reader.state_table) : nullptr;
  if (memo != nullptr && memo->run > call.reader.run) {
    // An old snapshot.
    may_remember = false;
  } else if (memo != nullptr && answer_from(*memo, call, to)) {
    return;
  }
  MemoryContext own = AllocSetContextCreate(memory, "calytics visitors", ALLOCSET_SMALL_SIZES);
  Union pieces(call.asked, memory);
  put_folded(call, until, pieces);
  List<Sketch> sketches = {own};
  pieces.unite(keep_united, &sketches);
  put_counts(call, sketches, to);
  if (may_remember)
    remember_sketches(call.asked, call.reader.state_table, call.reader.run, sketches);
}

struct VisitorRows {
  ReturnSetInfo* rows;
  bool by_unit;
};

void put_row(void* context, const VisitorCount& count) {
  const VisitorRows& result = *static_cast<VisitorRows*>(context);
  std::array<Datum, 2> values = {TimestampGetDatum(count.unit), Int64GetDatum(count.visitors)};
  std::array<bool, 2> nulls = {!result.by_unit, false};
  tuplestore_putvalues(result.rows->setResult, result.rows->setDesc, values.data(), nulls.data());
}

}  // namespace

void count_visitors(const Asked& asked, MemoryContext memory, VisitorSink sink, void* context) {
  if (asked.lo >= asked.hi) return;
  Call call = {};
  call.asked = asked;
  call.reader.source = asked.source;
  answer(call, memory, {sink, context});
}

}  // namespace calytics::glue

// visitors(src, lo, hi, unit)
Datum calytics_visitors(PG_FUNCTION_ARGS) {
  using namespace calytics::glue;
  InitMaterializedSRF(fcinfo, 0);
  if (PG_ARGISNULL(0) || PG_ARGISNULL(1) || PG_ARGISNULL(2)) return Datum{0};
  Asked asked;
  asked.source = PG_GETARG_INT32(0);
  asked.lo = PG_GETARG_TIMESTAMPTZ(1);
  asked.hi = PG_GETARG_TIMESTAMPTZ(2);
  asked.unit = unit_named(text_argument(fcinfo, 3));
  VisitorRows result = {reinterpret_cast<ReturnSetInfo*>(fcinfo->resultinfo),
                        asked.unit != calytics::core::Unit::none};
  MemoryContext memory = CurrentMemoryContext;
  SPI_connect();
  count_visitors(asked, memory, put_row, &result);
  SPI_finish();
  return Datum{0};
}
