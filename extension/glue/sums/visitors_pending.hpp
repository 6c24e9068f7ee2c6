// Visitors of some events, and of those that are not folded, for calytics.visitors (visitors.cpp),
// and of those that the folder folds.
#pragma once

#include "glue/facts/pending_events.hpp"
#include "glue/sums/reader.hpp"
#include "glue/sums/visitor_memo.hpp"

namespace calytics::glue {

// A visitor in a unit of local time.
struct UnitVisitor {
  Timestamp unit;
  pg_uuid_t visitor;
};

// Visitors of events by local hour. Most events are not the first of their visitor: there is never
// room for many more than are kept apart.
class VisitSet {
 public:
  explicit VisitSet(MemoryContext memory) : all_{memory} {}

  void put(const PendingEvent& event, const core::Rules& rules);
  // Each once, by hour.
  std::span<const UnitVisitor> visitors();

 private:
  List<UnitVisitor> all_;
  std::size_t most_ = 100'000;  // before they are looked through for those that are there twice
};

// Writes their sketches down as a run's.
void write_visitors(std::int64_t run, std::int32_t source, VisitSet& visits);

// Gives a sketch for each unit in which there are visitors in the range asked for.
void sketch_visits(const List<Visit>& visits, const Asked& asked, const core::Rules& rules,
                   RowSink sink, void* context);

// Gives a sketch for each unit in which there are any: the unit's start and its sketch. Events are
// found by segment, however much happened in the range.
void pending_visitors(const Reader& reader, const Asked& asked, const core::Rules& rules,
                      RowSink sink, void* context);

}  // namespace calytics::glue
