// What a dashboard shows of what is tracked, beside the sums of bookings.
#pragma once

#include "core/metrics/period.hpp"
#include "glue/sums/collect.hpp"

namespace calytics::glue {

// The role of sums of sessions by their origin: its name as the service, its kind as the host.
inline constexpr std::string_view kOrigin = "origin";

// Two periods of a source, the first by unit; origins and visitors only where no service is asked
// for.
struct TrackedBoard {
  std::int32_t source;
  core::Period now;
  core::Period then;
  core::Unit unit;
  Filter services;
};

// Gives the sums of roles series (by unit; added up, with now, they are figures), then and origin.
// Within SPI_connect and SPI_finish; `memory` outlives the call.
void collect_board(const TrackedBoard& board, MemoryContext memory, SumSink sink, void* context);

}  // namespace calytics::glue
