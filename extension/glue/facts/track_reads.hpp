// What track_changes reads: events that are not folded, sessions that webhooks tell something new
// of, the facts that the buckets know of these, and old events of those that are made anew.
//
// Guarantees those of track_changes.hpp.
#pragma once

#include <functional>
#include <span>

#include "glue/facts/track_changes.hpp"
#include "glue/pg/list.hpp"

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
  FoldRun run = {};
  KnownFacts known = {};
  std::size_t part = 0;
  std::size_t parts = 1;

  bool has(std::string_view session) const {
    return parts == 1 || std::hash<std::string_view>{}(session) % parts == part;
  }

  TrackCall(const TrackRange& of, MemoryContext in, const TrackSinks& to)
      : range(of), memory(in), sinks(&to), events{in}, touched{in} {}
};

// When events of a session were received: all of them from first to last.
struct Window {
  TimestampTz first;
  TimestampTz last;
  std::string_view session;
};

// Events, and their sessions as touched. Where they are too many the call becomes a part of itself.
void read_events(TrackCall& call);
// Sessions that named bookings that webhooks told of, or that are no more; and those that webhooks
// named.
void read_named(TrackCall& call);
// What the buckets know of the sessions that are touched.
void read_known(TrackCall& call);
// Events that are folded, and that were received in the windows of their sessions; none twice.
// Puts the windows in order.
void read_folded(const TrackCall& call, std::span<Window> windows,
                 List<core::TrackedEvent>& events);
// What webhooks say that these sessions booked, and the steps that lead there.
void read_booked(const TrackCall& call, std::span<const std::string_view> sessions,
                 List<core::TrackedEvent>& events);

}  // namespace calytics::glue
