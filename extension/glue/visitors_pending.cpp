#include "visitors_pending.hpp"

#include <algorithm>
#include <cstring>

#include "zone.hpp"

namespace calytics::glue {

namespace {

constexpr Oid kUuids = 2951;  // uuid[]

// A visitor in a unit.
struct UnitVisitor {
  Timestamp unit;
  pg_uuid_t visitor;

  int compare(const UnitVisitor& other) const {
    if (unit != other.unit) return unit < other.unit ? -1 : 1;
    return std::memcmp(visitor.data, other.visitor.data, UUID_LEN);
  }
};

void put_visit(void* context, const Datum* values, const bool* /*nulls*/) {
  static_cast<List<Visit>*>(context)->put(
      {DatumGetTimestampTz(values[0]), *DatumGetUUIDP(values[1])});
}

}  // namespace

void sketch_visits(const List<Visit>& visits, const Asked& asked, const core::Rules& rules,
                   RowSink sink, void* context) {
  static const Oid types[] = {kLocals, kUuids};
  static Statement query("select s.* from calytics.sketch_visitors($1, $2) s", types);
  List<UnitVisitor> all = {CurrentMemoryContext};
  for (const Visit& visit : visits) {
    if (visit.at < asked.lo || visit.at >= asked.hi) continue;
    all.put(
        {core::start_of(asked.unit, local_time(rules, visit.at), rules.week_start), visit.visitor});
  }
  // Most events are not the first of their visitor.
  std::sort(all.begin(), all.end(),
            [](const UnitVisitor& a, const UnitVisitor& b) { return a.compare(b) < 0; });
  const auto* const end =
      std::unique(all.begin(), all.end(),
                  [](const UnitVisitor& a, const UnitVisitor& b) { return a.compare(b) == 0; });
  Parameters<2> distinct(static_cast<std::size_t>(end - all.begin()));
  for (const UnitVisitor* one = all.begin(); one != end; ++one)
    distinct.put({TimestampGetDatum(one->unit), UUIDPGetDatum(&one->visitor)});
  if (distinct.size() == 0) return;
  const std::array<Datum, 2> values = {distinct.array(0, TIMESTAMPOID), distinct.array(1, UUIDOID)};
  query.run(values.data(), nullptr, sink, context);
}

void pending_visitors(const Reader& reader, const Asked& asked, const core::Rules& rules,
                      RowSink sink, void* context) {
  static const Oid types[] = {INT4OID, INT8OID, TIMESTAMPTZOID};
  static Statement query(
      "select e.occurred_at, e.visitor from calytics.event e"
      " where e.segment >= $2 and e.source_id = $1 and e.received_at >= $3"
      "   and not e.bot and e.visitor is not null",
      types);
  List<Visit> visits = {CurrentMemoryContext};
  const std::array<Datum, 3> values = {Int32GetDatum(asked.source), Int64GetDatum(reader.segment),
                                       TimestampTzGetDatum(reader.since)};
  query.run(values.data(), nullptr, put_visit, &visits);
  sketch_visits(visits, asked, rules, sink, context);
}

}  // namespace calytics::glue
