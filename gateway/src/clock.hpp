// One monotonic clock for every time limit, so that a changed wall clock shortens none of them.
#pragma once

#include <chrono>

namespace calytics::gateway {

using Clock = std::chrono::steady_clock;
using TimePoint = Clock::time_point;
using Milliseconds = std::chrono::milliseconds;

inline constexpr TimePoint kNever = TimePoint::max();

// What is left until `when`, rounded up, never negative and at most `cap`: a poll(2) argument.
inline Milliseconds until(TimePoint when, Milliseconds cap) {
  auto now = Clock::now();
  if (when <= now) return Milliseconds{0};
  if (when - now >= cap) return cap;
  return std::chrono::ceil<Milliseconds>(when - now);
}

}  // namespace calytics::gateway
