// Turns the bytes of a tracking request into judged, scrubbed rows, in one pass.
//
// Guarantees: every body gives a batch, none a crash or an exception; the time is linear in the
// body's length and the stack's depth bounded. An event is judged by itself: a bad one costs its
// neighbours nothing. Only a body that is broken as JSON is refused whole, for what it was meant to
// hold can't be told. As in JavaScript, the last of several equal keys counts.
//
// A body is one event, an array of events, or {"events": [...], "context": {...}}. An event holds
// the members of TrackEventRequest and those of AnalyticsContext, the latter also inside a member
// "context". The batch's context may also hold sentAt, what the clock that events' timestamps are
// from says as they are sent: by how much it is wrong, they are put right.
#pragma once

#include <memory>
#include <string_view>

#include "core/tracking/track.hpp"

namespace calytics::core {

// Owns its buffers and is meant to be kept and reused.
class TrackParser {
 public:
  TrackParser() noexcept;
  ~TrackParser();
  TrackParser(const TrackParser&) = delete;
  TrackParser& operator=(const TrackParser&) = delete;

  // The batch is valid until the next call. The context's texts may be any bytes.
  const TrackBatch& parse(std::string_view body, const TrackContext& context,
                          const TrackOptions& options) noexcept;

 private:
  class Reader;

  TrackBatch batch_;
  std::unique_ptr<Reader> reader_;
};

}  // namespace calytics::core
