// What became of sessions and funnels since they were folded: the facts that the buckets know and
// those that events and bookings tell. An event that isn't folded is joined to its session's facts;
// old events are read only where these can't tell: one comes in that happened before others, or a
// webhook tells of a booking that a session named.
//
// Guarantees: one snapshot, the caller's; within SPI_connect and SPI_finish. What sinks get lives
// until they return. However many events there are, only so many are in memory at once.
#pragma once

#include "glue/pg/pg.hpp"

extern "C" {
#include "utils/array.h"
}

#include "glue/facts/known_facts.hpp"
#include "glue/facts/pending_events.hpp"

namespace calytics::glue {

// Pieces of personal data, int[] by kind.
std::int64_t removed_in(const ArrayType* pieces);

// Either or both of before and after.
struct SessionChange {
  std::string_view session;
  const core::SessionFact* before;
  const core::SessionFact* after;
};
struct FunnelChange {
  std::string_view session;
  const core::FunnelFact* before;
  const core::FunnelFact* after;
};

struct TrackSinks {
  void* context;
  void (*session)(void* context, const SessionChange& change);
  void (*funnel)(void* context, const FunnelChange& change);
  // May be nullptr.
  void (*event)(void* context, const PendingEvent& event) = nullptr;
};

// marks: whether webhooks told of bookings in these segments, or may have. run: a reader's.
void track_changes(const TrackRange& range, bool marks, MemoryContext memory,
                   const TrackSinks& sinks, const FoldRun& run = {});

// The same of some sessions, text[], made anew from all their events of segments before low that
// were received since range.since, and those that their facts tell of if that is infinite.
void track_changes_of(const TrackRange& range, Datum sessions, MemoryContext memory,
                      const TrackSinks& sinks);

}  // namespace calytics::glue
