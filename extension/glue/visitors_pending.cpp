#include "visitors_pending.hpp"

#include <algorithm>
#include <cstring>

#include "zone.hpp"

namespace calytics::glue {

namespace {

constexpr Oid kUuids = 2951;  // uuid[]

// A visitor in a unit.
struct Visit {
  Timestamp unit;
  pg_uuid_t visitor;

  int compare(const Visit& other) const {
    if (unit != other.unit) return unit < other.unit ? -1 : 1;
    return std::memcmp(visitor.data, other.visitor.data, UUID_LEN);
  }
};

struct Visits {
  const Asked* asked;
  const core::Rules* rules;
  List<Visit> all;
};

void put_visit(void* context, const Datum* values, const bool* /*nulls*/) {
  auto& visits = *static_cast<Visits*>(context);
  const Asked& asked = *visits.asked;
  const core::Rules& rules = *visits.rules;
  const TimestampTz at = DatumGetTimestampTz(values[0]);
  if (at < asked.lo || at >= asked.hi) return;
  visits.all.put({core::start_of(asked.unit, local_time(rules, at), rules.week_start),
                  *DatumGetUUIDP(values[1])});
}

}  // namespace

void pending_visitors(const Reader& reader, const Asked& asked, const core::Rules& rules,
                      RowSink sink, void* context) {
  static const Oid types[] = {INT4OID, INT8OID, TIMESTAMPTZOID};
  static Statement events(
      "select e.occurred_at, e.visitor from calytics.event e"
      " where e.segment >= $2 and e.source_id = $1 and e.received_at >= $3"
      "   and not e.bot and e.visitor is not null",
      types);
  static const Oid sketch_types[] = {kLocals, kUuids};
  static Statement sketches("select s.* from calytics.sketch_visitors($1, $2) s", sketch_types);
  Visits visits = {&asked, &rules, {CurrentMemoryContext}};
  const std::array<Datum, 3> values = {Int32GetDatum(asked.source), Int64GetDatum(reader.segment),
                                       TimestampTzGetDatum(reader.since)};
  events.run(values.data(), nullptr, put_visit, &visits);
  // Most events are not the first of their visitor.
  std::sort(visits.all.begin(), visits.all.end(),
            [](const Visit& a, const Visit& b) { return a.compare(b) < 0; });
  const auto* const end =
      std::unique(visits.all.begin(), visits.all.end(),
                  [](const Visit& a, const Visit& b) { return a.compare(b) == 0; });
  Parameters<2> distinct(static_cast<std::size_t>(end - visits.all.begin()));
  for (const Visit* visit = visits.all.begin(); visit != end; ++visit)
    distinct.put({TimestampGetDatum(visit->unit), UUIDPGetDatum(&visit->visitor)});
  if (distinct.size() == 0) return;
  const std::array<Datum, 2> columns = {distinct.array(0, TIMESTAMPOID),
                                        distinct.array(1, UUIDOID)};
  sketches.run(columns.data(), nullptr, sink, context);
}

}  // namespace calytics::glue
