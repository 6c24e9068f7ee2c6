// The way of one session through the steps of a funnel. The first event of the first step is the
// anchor; every further step is the earliest event of its type later than the step before it and
// within the window of the anchor. One event fills one step.
//
// Guarantees: nothing here throws or allocates.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace calytics::core {

struct FunnelEvent {
  std::int64_t at = 0;
  std::uint32_t type = 0;  // the first step of that name, counted from 0
};

// Writes the times of the steps that were reached and returns how many these are. `types`: each
// step's type; `events` are put in order of time. strict: between two steps there is no event of
// any other step.
std::size_t walk_funnel(std::span<FunnelEvent> events, std::span<const std::uint32_t> types,
                        std::int64_t window, bool strict, std::int64_t* times) noexcept;

}  // namespace calytics::core
