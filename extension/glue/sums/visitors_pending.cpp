#include "glue/sums/visitors_pending.hpp"

#include <algorithm>
#include <cstring>

#include "glue/facts/pending_events.hpp"
#include "glue/facts/zone.hpp"

namespace calytics::glue {

namespace {

constexpr Oid kUuids = 2951;  // uuid[]

int compare(const UnitVisitor& a, const UnitVisitor& b) {
  if (a.unit != b.unit) return a.unit < b.unit ? -1 : 1;
  return std::memcmp(a.visitor.data, b.visitor.data, UUID_LEN);
}

// By unit, and none twice.
void make_distinct(List<UnitVisitor>& all) {
  std::sort(all.begin(), all.end(),
            [](const UnitVisitor& a, const UnitVisitor& b) { return compare(a, b) < 0; });
  const auto* const end =
      std::unique(all.begin(), all.end(),
                  [](const UnitVisitor& a, const UnitVisitor& b) { return compare(a, b) == 0; });
  all.size = static_cast<std::size_t>(end - all.begin());
}

// As calytics.sketch_visitors takes them.
Parameters<2> columns_of(std::span<const UnitVisitor> visitors) {
  Parameters<2> columns(visitors.size());
  for (const UnitVisitor& one : visitors)
    columns.put({TimestampGetDatum(one.unit), UUIDPGetDatum(&one.visitor)});
  return columns;
}

bool is_visit(const PendingEvent& event) {
  return !event.counted.bot && event.visitor != nullptr;
}

void put_visit(void* context, const PendingEvent& pending) {
  if (is_visit(pending))
    static_cast<List<Visit>*>(context)->put({pending.event.at, *pending.visitor});
}

}  // namespace

void VisitSet::put(const PendingEvent& event, const core::Rules& rules) {
  if (!is_visit(event)) return;
  all_.put({hour_of(local_time(rules, event.event.at)), *event.visitor});
  if (all_.size < most_) return;
  make_distinct(all_);
  most_ = std::max(most_, 2 * all_.size);
}

std::span<const UnitVisitor> VisitSet::visitors() {
  make_distinct(all_);
  return {all_.items, all_.size};
}

void write_visitors(std::int64_t run, std::int32_t source, VisitSet& visits) {
  static const Oid types[] = {INT8OID, INT4OID, kLocals, kUuids};
  static Statement insert(
      "insert into calytics.recent_visitor (run, source_id, at, sketch)"
      "  select $1, $2, s.unit, s.sketch from calytics.sketch_visitors($3, $4) s order by s.unit",
      types);
  // Whole hours, so many at once that what is made of them is bounded.
  constexpr std::size_t at_once = 1'000'000;
  std::span<const UnitVisitor> left = visits.visitors();
  while (!left.empty()) {
    std::size_t size = std::min(at_once, left.size());
    while (size < left.size() && left[size].unit == left[size - 1].unit)
      ++size;
    const Parameters<2> columns = columns_of(left.first(size));
    const std::array<Datum, 4> values = {Int64GetDatum(run), Int32GetDatum(source),
                                         columns.array(0, TIMESTAMPOID), columns.array(1, UUIDOID)};
    insert.write(values.data(), nullptr);
    left = left.subspan(size);
  }
}

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
  if (all.size == 0) return;
  make_distinct(all);
  const Parameters<2> distinct = columns_of({all.items, all.size});
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
