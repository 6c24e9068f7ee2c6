// What track_changes reads: events that are not folded, sessions that webhooks tell something new
// of, and the facts that the buckets know of these, or that old events make of them anew.
//
// Guarantees those of track_changes.hpp.
#pragma once

#include <functional>

#include "list.hpp"
#include "track_changes.hpp"

namespace calytics::glue {

// A session that is looked at.
struct Touched {
  std::string_view id;
  bool anew;
};

// One call, or one of its parts.
struct TrackCall {
  TrackRange range;
  MemoryContext memory;
  const TrackSinks* sinks;
  List<core::TrackedEvent> events;  // of people; by session and time once they are read
  List<Touched> touched;
  List<SessionRow> sessions;  // as the buckets know them, by id and beginning
  List<FunnelRow> funnels;    // by id and service
  TimestampTz kept_from = core::kNever;
  std::size_t part = 0;
  std::size_t parts = 1;

  bool has(std::string_view session) const {
    return parts == 1 || std::hash<std::string_view>{}(session) % parts == part;
  }

  TrackCall(const TrackRange& of, MemoryContext in, const TrackSinks& to)
      : range(of), memory(in), sinks(&to), events{in}, touched{in}, sessions{in}, funnels{in} {}
};

// Sessions made anew, and what there was of them.
struct Anew {
  TrackCall* call;
  List<Datum> ids;
  List<SessionRow> sessions;
  List<FunnelRow> funnels;
  TimestampTz since = PG_INT64_MAX;
};

// Events, and their sessions as touched. Where they are too many the call becomes a part of itself.
void read_events(TrackCall& call);
// Sessions that named bookings that webhooks told of, or that are no more; and those that webhooks
// named.
void read_named(TrackCall& call);
// What the buckets know of the sessions that are touched.
void read_known(TrackCall& call);
void read_anew(Anew& anew);

}  // namespace calytics::glue
