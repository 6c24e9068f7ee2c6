// What tracked events and funnels count: the one place that turns them into measures
// (calytics.measure), for the folder, for readers and for the recount.
//
// Guarantees: nothing here throws or allocates; entries come by ascending index.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "core/metrics/tally.hpp"

namespace calytics::core {

// The first cell of each histogram, in the bins of lead times: durations in milliseconds, time to
// convert in seconds.
inline constexpr int kDurationBins = 5000;
inline constexpr int kConvertBins = 6000;

inline constexpr std::size_t kMostTrackCounts = 8;
using TrackCounts = std::array<TallyEntry, kMostTrackCounts>;

struct CountedEvent {
  std::string_view type;
  bool bot = false;
  bool late = false;
  std::int64_t removed = 0;  // pieces of personal data
  std::optional<std::int64_t> duration = std::nullopt;
};

// Fills `counts` and returns how many they are.
std::size_t count_event(const CountedEvent& event, TrackCounts& counts) noexcept;

// Of a session: whether its page said that it was booked, and whether a webhook tells of that.
std::size_t count_session(bool claimed, bool booked, TrackCounts& counts) noexcept;

// Of a session that reached the steps of the funnel at these times, in microseconds: those that
// were over by `as_of`.
std::size_t count_steps(std::span<const std::int64_t> times, std::int64_t as_of,
                        TrackCounts& counts) noexcept;

}  // namespace calytics::core
