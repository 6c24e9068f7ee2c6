#include "visitors_pending.hpp"

#include <algorithm>
#include <cstring>

#include "pending_events.hpp"
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

void put_visit(void* context, const PendingEvent& pending) {
  if (!pending.counted.bot && pending.visitor != nullptr)
    static_cast<List<Visit>*>(context)->put({pending.event.at, *pending.visitor});
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
  List<Visit> visits = {CurrentMemoryContext};
  each_event({reader.source, reader.segment, PG_INT64_MAX, reader.since}, put_visit, &visits);
  sketch_visits(visits, asked, rules, sink, context);
}

}  // namespace calytics::glue
