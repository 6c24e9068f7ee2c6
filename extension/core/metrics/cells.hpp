// Which cell of a tally's ranges a lead time or a start is counted in. Ranges are histograms: what
// reads them, such as a quantile, takes cells back to minutes.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>

#include "core/time/local_time.hpp"

namespace calytics::core {

// The first cell of each range.
inline constexpr int kLeadClasses = 100;
inline constexpr int kHoursOfWeek = 200;
inline constexpr int kLeadBins = 1000;
inline constexpr int kCohortPeople = 2000;
inline constexpr int kCohortValue = 3000;
inline constexpr int kCohortCollected = 4000;
inline constexpr int kMostMonths = 999;

// 0 below an hour, then below 6 h, 1 d, 3 d, 7 d, 14 d, 28 d, 56 d; 8 is more.
inline int lead_class(std::int64_t minutes) {
  constexpr std::array<std::int64_t, 8> bounds = {60,     360,    1'440,  4'320,
                                                  10'080, 20'160, 40'320, 80'640};
  return static_cast<int>(std::upper_bound(bounds.begin(), bounds.end(), minutes) - bounds.begin());
}

// Exact to the minute below 64, then 32 bins for each doubling, up to 2 to the 24th.
inline int lead_bin(std::int64_t minutes) {
  if (minutes < 64) return static_cast<int>(std::max<std::int64_t>(minutes, 0));
  const int width = static_cast<int>(std::bit_width(static_cast<std::uint64_t>(minutes)));
  const int octave = std::min(width - 1, 23);
  return 64 + (octave - 6) * 32 + static_cast<int>((minutes >> (octave - 5)) & 31);
}

// 0 is the first hour of Monday.
inline int hour_of_week(std::int64_t local) {
  return 24 * (weekday_of(local) - 1) + hour_of(local);
}

}  // namespace calytics::core
