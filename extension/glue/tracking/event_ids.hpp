// Ids of events: an event that is sent again, in whatever batch, is known by its id and counts
// once.
#pragma once

#include "glue/pg/pg.hpp"

#include <span>

#include "core/tracking/event_key.hpp"

namespace calytics::glue {

struct EventId {
  core::EventKey key;
  std::size_t event;
};

// Puts those first that no event had before, of equal ones the first event's, and returns how many
// these are. What lies behind them means nothing. Waits for sessions that bring the same ids.
// Within SPI_connect and SPI_finish.
std::size_t keep_new_ids(std::int32_t source, std::span<EventId> ids, TimestampTz received);

}  // namespace calytics::glue
