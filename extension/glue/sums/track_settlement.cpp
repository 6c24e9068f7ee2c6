// calytics.settle_sessions: makes facts of sessions and funnels what events that are pending say,
// in one pass, and adds to the run's recent deltas what that changes, and what these events count
// themselves, visitors too.
//
// Names of origins are learnt on the way, before anything is counted by them.

#include "glue/pg/pg.hpp"

extern "C" {
#include "access/xact.h"
#include "executor/spi.h"
#include "utils/date.h"
#include "utils/lsyscache.h"
#include "utils/snapmgr.h"
}

#include "glue/facts/origin_labels.hpp"
#include "glue/facts/zone.hpp"
#include "glue/pg/memory.hpp"
#include "glue/pg/rows.hpp"
#include "glue/sums/new_cube.hpp"
#include "glue/sums/reader.hpp"
#include "glue/sums/tally.hpp"
#include "glue/sums/track_writer.hpp"
#include "glue/sums/visitors_pending.hpp"

CALYTICS_SQL_FUNCTION(calytics_settle_sessions);

namespace calytics::glue {

namespace {

constexpr Oid kDates = 1182;  // date[]

// What is counted, by the order in which deltas are written.
enum class Basis : std::uint8_t { funnel, origin, session, tracking };
constexpr std::array<std::string_view, 4> kBases = {"funnel", "origin", "session", "tracking"};

struct Settlement {
  Settlement(std::int64_t of_run, std::int32_t of_source, const core::Rules& of_rules,
             MemoryContext in)
      : run(of_run),
        source(of_source),
        rules(of_rules),
        memory(in),
        row(AllocSetContextCreate(in, "calytics row", ALLOCSET_SMALL_SIZES)),
        writer(of_source),
        cubes(memory_of(in)),
        told(memory_of(in)),
        origins{in},
        names{in},
        visits{in} {}

  std::int64_t run;
  std::int32_t source;
  core::Rules rules;
  MemoryContext memory;
  MemoryContext row;  // emptied again and again
  TrackWriter writer;
  core::HourlyCubes cubes;
  core::SumTable told;        // months and origins that sessions tell
  List<OriginCount> origins;  // sessions by their origins
  List<OriginCount> names;    // those of a session for each origin told
  VisitSet visits;
  TimestampTz ended = DT_NOBEGIN;  // the last session to end
};

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

template <typename Change>
void write(Settlement& settlement, const Change& change) {
  MemoryContext before = MemoryContextSwitchTo(settlement.row);
  settlement.writer.put(change);
  MemoryContextSwitchTo(before);
  MemoryContextReset(settlement.row);
}

void take_session(void* context, const SessionChange& change) {
  auto& settlement = *static_cast<Settlement*>(context);
  const core::SessionFact* was = change.before;
  const core::SessionFact* is = change.after;
  settlement.ended = std::max(settlement.ended, (is == nullptr ? was : is)->ended_at);
  write(settlement, change);
  const bool another_origin = is != nullptr && (was == nullptr || !same(was->origin, is->origin));
  if (another_origin && !has_told(settlement, *is)) put_origins(settlement.names, *is, 0);
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
  const core::FunnelFact* was = change.before;
  const core::FunnelFact* is = change.after;
  write(settlement, change);
  if (was != nullptr) count_funnel(settlement, *was, -1);
  if (is != nullptr) count_funnel(settlement, *is, 1);
}

void take_event(void* context, const PendingEvent& event) {
  auto& settlement = *static_cast<Settlement*>(context);
  core::TrackCounts counts;
  const std::size_t size = core::count_event(event.counted, counts);
  count(settlement, Basis::tracking, event.event.at, {event.event.service, {}, {}}, counts, size,
        1);
  settlement.visits.put(event, settlement.rules);
}

void take_bool(void* context, const Datum* values, const bool* /*nulls*/) {
  *static_cast<bool*>(context) = DatumGetBool(values[0]);
}

// Most of what sessions tell has been told before.
bool are_known(const std::array<Datum, 4>& names) {
  static const Oid types[] = {INT4OID, kDates, TEXTARRAYOID, TEXTARRAYOID};
  static Statement query(
      "select not exists ("
      "  select from unnest($2, $3, $4) t (month, kind, name)"
      "   where t.name not in ('(direct)', '(none)')"
      "     and not exists (select from calytics.known_origin k where k.source_id = $1"
      "                        and k.month = t.month and k.kind = t.kind and k.name = t.name)"
      "     and not exists (select from calytics.origin_month m where m.source_id = $1"
      "                        and m.month = t.month and m.kind = t.kind and m.is_full))",
      types);
  bool known = false;
  query.run(names.data(), nullptr, take_bool, &known);
  return known;
}

void learn_origins(Settlement& settlement) {
  if (settlement.names.size == 0) return;
  static const Oid types[] = {INT4OID, kDates, TEXTARRAYOID, TEXTARRAYOID};
  static Statement learn("select calytics.learn_origins($1, $2, $3, $4)", types);
  Parameters<3> names(settlement.names.size);
  for (const OriginCount& name : settlement.names) {
    const std::int64_t month = core::start_of(core::Unit::month, name.at, 1);
    names.put({DateADTGetDatum(static_cast<DateADT>(month / USECS_PER_DAY)), text_datum(name.kind),
               text_datum(name.name)});
  }
  const std::array<Datum, 4> values = {Int32GetDatum(settlement.source), names.array(0, DATEOID),
                                       names.array(1, TEXTOID), names.array(2, TEXTOID)};
  if (!are_known(values)) learn.write(values.data(), nullptr);
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

void write_deltas(Settlement& settlement) {
  static const Oid types[] = {INT8OID, INT4OID, TEXTARRAYOID, kLocals, BYTEAARRAYOID};
  static Statement insert(
      "insert into calytics.recent_delta (run, source_id, basis, at, cells)"
      "  select $1, $2, d.basis, d.at, d.cells from unnest($3, $4, $5) d (basis, at, cells)"
      "  on conflict on constraint recent_delta_pkey do update"
      "    set cells = calytics.cube_plus(recent_delta.cells, excluded.cells)",
      types);
  std::array<List<Datum>, 3> columns = {
      {{settlement.memory}, {settlement.memory}, {settlement.memory}}};
  settlement.cubes.each([&](const core::HourlyCube& cube) {
    // Also where that adds up to nothing: what happened in this hour may have happened at another
    // time of it, and who remembers parts of hours is to know.
    columns[0].put(text_datum(kBases[cube.basis]));
    columns[1].put(TimestampGetDatum(cube.hour));
    columns[2].put(PointerGetDatum(new_cube(cube)));
  });
  const std::size_t size = columns[0].size;
  if (size == 0) return;
  const std::array<Datum, 5> values = {
      Int64GetDatum(settlement.run), Int32GetDatum(settlement.source),
      array_of(columns[0].items, size, TEXTOID), array_of(columns[1].items, size, TIMESTAMPOID),
      array_of(columns[2].items, size, BYTEAOID)};
  insert.write(values.data(), nullptr);
}

}  // namespace

}  // namespace calytics::glue

// settle_sessions(run, src, low, below, sessions, since, part, parts)
Datum calytics_settle_sessions(PG_FUNCTION_ARGS) {
  using namespace calytics::glue;
  MemoryContext memory = CurrentMemoryContext;
  SPI_connect();
  Reader reader = {PG_GETARG_INT32(1), nullptr};
  calytics::core::Rules rules;
  if (!read_settings(reader, rules, memory)) {
    SPI_finish();
    PG_RETURN_NULL();
  }
  Settlement settlement(PG_GETARG_INT64(0), reader.source, rules, memory);
  const TrackRange range = {settlement.source,
                            PG_GETARG_INT64(2),
                            PG_GETARG_INT64(3),
                            PG_ARGISNULL(5) ? DT_NOBEGIN : PG_GETARG_TIMESTAMPTZ(5),
                            static_cast<std::size_t>(PG_GETARG_INT32(6)),
                            static_cast<std::size_t>(PG_GETARG_INT32(7))};
  const TrackSinks sinks = {&settlement, take_session, take_funnel, take_event};
  if (PG_ARGISNULL(4)) {
    track_changes(range, true, settlement.memory, sinks);
  } else {
    track_changes_of(range, PG_GETARG_DATUM(4), settlement.memory, sinks);
  }
  settlement.writer.close();
  learn_origins(settlement);
  count_origins(settlement);
  write_deltas(settlement);
  write_visitors(settlement.run, settlement.source, settlement.visits);
  SPI_finish();
  PG_RETURN_TIMESTAMPTZ(settlement.ended);
}
