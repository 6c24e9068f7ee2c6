// Events that are not folded, as what became of sessions and what readers add of them is told by.
// What one reading asks for several times, for sums and for visitors, is read once: it is kept for
// as long as the session's snapshots see the same.
//
// Guarantees: within SPI_connect and SPI_finish; the caller's snapshot. Transactions that have
// written anything read for themselves, and so does whoever meets a backlog.
#pragma once

#include "glue/pg/pg.hpp"

#include "core/tracking/track_counts.hpp"
#include "core/tracking/track_facts.hpp"

namespace calytics::glue {

// Events of segments from low to before `below`, of one source; of one part of its sessions, by a
// hash, where there are several parts.
struct TrackRange {
  std::int32_t source;
  std::int64_t low;
  std::int64_t below = PG_INT64_MAX;
  TimestampTz since = DT_NOBEGIN;  // none of them was received before
  std::size_t part = 0;
  std::size_t parts = 1;
};

// An event as the table has it, a machine's too.
struct PendingEvent {
  core::TrackedEvent event;
  core::CountedEvent counted;
  const pg_uuid_t* visitor;  // nullptr for NULL
  bool stays;                // outlives the sink, until the next call
};

// Whether this transaction may use what its session remembers, and add to it.
bool remembers();

void each_event(const TrackRange& range, void (*sink)(void*, const PendingEvent&), void* context);

}  // namespace calytics::glue
