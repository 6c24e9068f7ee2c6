// Tracking's way in: the events of a request's body judged and scrubbed, each known id taken out,
// and the rest stored, in one transaction.
#pragma once

#include "glue/pg/pg.hpp"

#include "core/tracking/track.hpp"
#include "glue/tracking/tracked_source.hpp"

namespace calytics::glue {

struct TrackRequest {
  std::string_view body;
  core::TrackContext context;
  bool from_browser;  // the body doesn't say whose events they are
};

struct Tracked {
  Datum answer;   // a jsonb, as cal.track gives it
  bool readable;  // the body
};

// Within SPI_connect and SPI_finish.
Tracked track(const TrackedSource& source, const TrackRequest& request);

}  // namespace calytics::glue
