// calytics.track_settlement: what the folder makes of events that are pending, in one pass:
// sessions and funnels as they are to be, those that are no more, and what all of it adds to the
// sums of each local hour. Reading it into rows is a statement's (sql/track_fold.sql).
//
// Names of origins are learnt on the way, before anything is counted by them.

#include "pg.hpp"

extern "C" {
#include "access/htup_details.h"
#include "access/xact.h"
#include "executor/spi.h"
#include "funcapi.h"
#include "utils/datum.h"
#include "utils/lsyscache.h"
#include "utils/snapmgr.h"
#include "utils/typcache.h"
}

#include "core/hourly_cubes.hpp"
#include "memory.hpp"
#include "origin_labels.hpp"
#include "reader.hpp"
#include "rows.hpp"
#include "tally.hpp"
#include "track_changes.hpp"
#include "zone.hpp"

CALYTICS_SQL_FUNCTION(calytics_track_settlement);

namespace calytics::glue {

namespace {

// What is counted, by the order in which deltas are written.
enum class Basis : std::uint8_t { funnel, origin, session, tracking };
constexpr std::array<std::string_view, 4> kBases = {"funnel", "origin", "session", "tracking"};

// Columns of calytics.track_settlement.
enum Column : std::size_t {
  new_sessions,
  sessions,
  no_sessions,
  new_funnels,
  funnels,
  no_funnels,
  deltas,
  row_columns,
  until = row_columns,
  columns
};

// Of three columns the one that a row goes to.
template <typename Fact>
std::size_t column_of(Column first, const Fact* was, const Fact* is) {
  return first + (was == nullptr ? 0U : is == nullptr ? 2U : 1U);
}

struct Settlement {
  Settlement(std::int64_t of_run, std::int32_t of_source, MemoryContext in)
      : run(of_run),
        source(of_source),
        memory(in),
        row(AllocSetContextCreate(in, "calytics row", ALLOCSET_SMALL_SIZES)),
        cubes(memory_of(in)),
        told(memory_of(in)),
        origins{in},
        tellers{in},
        rows{{{in}, {in}, {in}, {in}, {in}, {in}, {in}}} {}

  std::int64_t run;
  std::int32_t source;
  MemoryContext memory;
  MemoryContext row;  // emptied again and again
  core::Rules rules = {};
  TrackShapes shapes = {};
  std::array<Oid, row_columns> types = {};  // of rows
  core::HourlyCubes cubes;
  core::SumTable told;        // months and origins that sessions tell
  List<OriginCount> origins;  // sessions by their origins
  List<Datum> tellers;        // a session for each origin told
  std::array<List<Datum>, row_columns> rows;
  TimestampTz ended = DT_NOBEGIN;  // the last session to end
};

void keep(Settlement& settlement, List<Datum>& rows, Datum row) {
  MemoryContextSwitchTo(settlement.memory);
  rows.put(datumCopy(row, false, -1));
}

void count(Settlement& settlement, Basis basis, TimestampTz at, const core::CubeKey& key,
           const core::TrackCounts& counts, std::size_t size, std::int64_t weight) {
  std::array<std::uint8_t, core::TallyWriter::room(core::kMostTrackCounts)> room;
  core::TallyWriter writer(room.data());
  for (std::size_t i = 0; i < size; ++i)
    writer.put(counts[i].index, counts[i].count);
  raise_unless_ok(settlement.cubes.add(static_cast<std::uint8_t>(basis),
                                       hour_of(local_time(settlement.rules, at)), key,
                                       {reinterpret_cast<const char*>(room.data()),
                                        static_cast<std::size_t>(writer.end() - room.data())},
                                       weight));
}

void count_session(Settlement& settlement, const core::SessionFact& fact, std::int64_t weight) {
  core::TrackCounts counts;
  const std::size_t size = core::count_session(fact.claimed, fact.booked, counts);
  count(settlement, Basis::session, fact.began_at, {}, counts, size, weight);
  put_origins(settlement.origins, fact, weight);
}

bool same(const core::Origin& a, const core::Origin& b) {
  return std::equal(a.begin(), a.end(), b.begin(), [](std::string_view x, std::string_view y) {
    return x == y && (x.data() == nullptr) == (y.data() == nullptr);
  });
}

// Whether a session of that month has told this origin.
bool has_told(Settlement& settlement, const core::SessionFact& fact) {
  const std::int64_t month = core::start_of(core::Unit::month, fact.began_at, 1);
  std::size_t size = sizeof month;
  for (const std::string_view part : fact.origin)
    size += part.size() + sizeof size;
  auto* key = static_cast<char*>(palloc(size));
  char* end = std::copy_n(reinterpret_cast<const char*>(&month), sizeof month, key);
  for (const std::string_view part : fact.origin) {
    const std::size_t length = part.size() + (part.data() == nullptr ? 0 : 1);
    end = std::copy_n(reinterpret_cast<const char*>(&length), sizeof length, end);
    end = std::copy(part.begin(), part.end(), end);
  }
  const std::size_t before = settlement.told.rows().size();
  settlement.told.row({key, static_cast<std::size_t>(end - key)});
  return settlement.told.rows().size() == before;
}

void take_session(void* context, const SessionChange& change) {
  auto& settlement = *static_cast<Settlement*>(context);
  MemoryContext before = MemoryContextSwitchTo(settlement.row);
  const core::SessionFact* was = change.before;
  const core::SessionFact* is = change.after;
  const core::SessionFact& fact = is == nullptr ? *was : *is;
  settlement.ended = std::max(settlement.ended, fact.ended_at);
  const Datum row = session_datum(settlement.shapes, settlement.source, change.session, fact);
  const bool another_origin = is != nullptr && (was == nullptr || !same(was->origin, is->origin));
  const bool is_told = another_origin && has_told(settlement, *is);
  keep(settlement, settlement.rows[column_of(new_sessions, was, is)], row);
  if (another_origin && !is_told) keep(settlement, settlement.tellers, row);
  MemoryContextSwitchTo(before);
  MemoryContextReset(settlement.row);
  if (was != nullptr && is != nullptr && was->claimed == is->claimed && was->booked == is->booked &&
      !another_origin)
    return;
  if (was != nullptr) count_session(settlement, *was, -1);
  if (is != nullptr) count_session(settlement, *is, 1);
}

void count_funnel(Settlement& settlement, const core::FunnelFact& fact, std::int64_t weight) {
  if (fact.steps == 0) return;
  core::TrackCounts counts;
  const std::size_t size = core::count_steps(fact.ways(), DT_NOEND, counts);
  count(settlement, Basis::funnel, fact.reached[0], {fact.service, {}, {}}, counts, size, weight);
}

void take_funnel(void* context, const FunnelChange& change) {
  auto& settlement = *static_cast<Settlement*>(context);
  MemoryContext before = MemoryContextSwitchTo(settlement.row);
  const core::FunnelFact* was = change.before;
  const core::FunnelFact* is = change.after;
  keep(settlement, settlement.rows[column_of(new_funnels, was, is)],
       funnel_datum(settlement.shapes, settlement.source, change.session,
                    is == nullptr ? *was : *is));
  MemoryContextSwitchTo(before);
  MemoryContextReset(settlement.row);
  if (was != nullptr) count_funnel(settlement, *was, -1);
  if (is != nullptr) count_funnel(settlement, *is, 1);
}

void take_event(void* context, const PendingEvent& event) {
  core::TrackCounts counts;
  const std::size_t size = core::count_event(event.counted, counts);
  count(*static_cast<Settlement*>(context), Basis::tracking, event.event.at,
        {event.event.service, {}, {}}, counts, size, 1);
}

void learn_origins(Settlement& settlement) {
  if (settlement.tellers.size == 0) return;
  std::array<Oid, 2> types = {INT4OID, get_array_type(settlement.types[sessions])};
  std::array<Datum, 2> values = {
      Int32GetDatum(settlement.source),
      array_of(settlement.tellers.items, settlement.tellers.size, settlement.types[sessions])};
  const int result = SPI_execute_with_args("select calytics.learn_origins($1, $2)", types.size(),
                                           types.data(), values.data(), nullptr, false, 0);
  if (result < 0) elog(ERROR, "a statement failed: %s", SPI_result_code_string(result));
  CommandCounterIncrement();
}

void count_origins(Settlement& settlement) {
  PushActiveSnapshot(GetTransactionSnapshot());  // that sees what has been learnt
  label_origins(settlement.origins, settlement.source);
  PopActiveSnapshot();
  for (const OriginCount& origin : settlement.origins) {
    core::TrackCounts counts;
    const std::size_t size = core::count_session(origin.claimed, origin.booked, counts);
    count(settlement, Basis::origin, origin.at, {origin.name, origin.kind, {}}, counts, size,
          origin.weight);
  }
}

void put_deltas(Settlement& settlement) {
  TupleDesc shape = lookup_rowtype_tupdesc_copy(settlement.types[deltas], -1);
  settlement.cubes.each([&](const core::HourlyCube& cube) {
    MemoryContextSwitchTo(settlement.row);
    auto* cells = static_cast<bytea*>(palloc(VARHDRSZ + core::HourlyCubes::room_of(cube)));
    const char* end = core::HourlyCubes::write_cube(cube, VARDATA(cells));
    // Also where that adds up to nothing: what happened in this hour may have happened at another
    // time of it, and who remembers parts of hours is to know.
    SET_VARSIZE(cells, end - reinterpret_cast<char*>(cells));
    std::array<Datum, 5> values = {Int32GetDatum(settlement.source), Int64GetDatum(settlement.run),
                                   text_datum(kBases[cube.basis]), TimestampGetDatum(cube.hour),
                                   PointerGetDatum(cells)};
    std::array<bool, 5> nulls = {};
    keep(settlement, settlement.rows[deltas],
         HeapTupleGetDatum(heap_form_tuple(shape, values.data(), nulls.data())));
    MemoryContextReset(settlement.row);
  });
  MemoryContextSwitchTo(settlement.memory);
}

}  // namespace

}  // namespace calytics::glue

// track_settlement(run, src, low, below, sessions, since, part, parts)
Datum calytics_track_settlement(PG_FUNCTION_ARGS) {
  using namespace calytics::glue;
  TupleDesc shape = nullptr;
  if (get_call_result_type(fcinfo, nullptr, &shape) != TYPEFUNC_COMPOSITE ||
      shape->natts != static_cast<int>(columns)) {
    ereport(ERROR, (errcode(ERRCODE_DATATYPE_MISMATCH),
                    errmsg("calytics.track_settlement must return a row of that type")));
  }
  Settlement settlement(PG_GETARG_INT64(0), PG_GETARG_INT32(1), CurrentMemoryContext);
  for (std::size_t i = 0; i < row_columns; ++i)
    settlement.types[i] = get_element_type(TupleDescAttr(shape, static_cast<int>(i))->atttypid);
  settlement.shapes = track_shapes(settlement.types[sessions], settlement.types[funnels]);
  const TrackRange range = {settlement.source,
                            PG_GETARG_INT64(2),
                            PG_GETARG_INT64(3),
                            PG_ARGISNULL(5) ? DT_NOBEGIN : PG_GETARG_TIMESTAMPTZ(5),
                            static_cast<std::size_t>(PG_GETARG_INT32(6)),
                            static_cast<std::size_t>(PG_GETARG_INT32(7))};
  const TrackSinks sinks = {&settlement, take_session, take_funnel, take_event};
  SPI_connect();
  Reader reader = {settlement.source, nullptr};
  if (!read_settings(reader, settlement.rules, settlement.memory)) {
    SPI_finish();
    PG_RETURN_NULL();
  }
  if (PG_ARGISNULL(4)) {
    track_changes(range, true, settlement.memory, sinks);
  } else {
    track_changes_of(range, PG_GETARG_DATUM(4), settlement.memory, sinks);
  }
  learn_origins(settlement);
  count_origins(settlement);
  put_deltas(settlement);
  SPI_finish();
  std::array<Datum, columns> values = {};
  std::array<bool, columns> nulls = {};
  for (std::size_t i = 0; i < row_columns; ++i)
    values[i] = array_of(settlement.rows[i].items, settlement.rows[i].size, settlement.types[i]);
  values[until] = TimestampTzGetDatum(settlement.ended);
  PG_RETURN_DATUM(
      HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(shape), values.data(), nulls.data())));
}
