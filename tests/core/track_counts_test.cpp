// What events and funnels count, by measure.

#include "core/tracking/track_counts.hpp"

#include <vector>

#include <gtest/gtest.h>

namespace calytics::core {
namespace {

using Counts = std::vector<std::pair<int, std::int64_t>>;

Counts taken(const TrackCounts& counts, std::size_t size) {
  Counts result;
  for (std::size_t i = 0; i < size; ++i)
    result.emplace_back(counts[i].index, counts[i].count);
  return result;
}

Counts of(const CountedEvent& event) {
  TrackCounts counts;
  return taken(counts, count_event(event, counts));
}

Counts of(const std::vector<std::int64_t>& times, std::int64_t as_of) {
  TrackCounts counts;
  return taken(counts, count_steps(times, as_of, counts));
}

TEST(TrackCounts, Events) {
  EXPECT_EQ(of({.type = "PAGE_VIEW"}), (Counts{{50, 1}, {51, 1}}));
  EXPECT_EQ(of({.type = "BOOKING_ABANDON"}), (Counts{{50, 1}, {57, 1}}));
  EXPECT_EQ(of({.type = "GIFT_CARD_VIEW", .late = true, .removed = 3}),
            (Counts{{50, 1}, {59, 1}, {60, 3}}));
  EXPECT_EQ(of({.type = "PAGE_VIEW", .duration = 63}),
            (Counts{{50, 1}, {51, 1}, {61, 1}, {62, 63}, {5063, 1}}));
  EXPECT_EQ(of({.type = "", .duration = 0}), (Counts{{50, 1}, {61, 1}, {5000, 1}}));
  // A machine's counts as that and nowhere else.
  EXPECT_EQ(of({.type = "PAGE_VIEW", .bot = true, .late = true, .removed = 3, .duration = 9}),
            (Counts{{58, 1}}));
}

TEST(TrackCounts, TheLongestDurationIsOfTheLastBin) {
  const Counts longest = of({.type = "", .duration = std::int64_t{1} << 62});
  EXPECT_EQ(longest.back(), (std::pair<int, std::int64_t>{5000 + 639, 1}));
  EXPECT_EQ(of({.type = "", .duration = (1 << 24) - 1}).back(), longest.back());
}

TEST(TrackCounts, Steps) {
  constexpr std::int64_t second = 1'000'000;
  constexpr std::int64_t ever = std::int64_t{1} << 62;
  const std::vector<std::int64_t> times = {0, second, 2 * second, 3 * second, 60 * second + 4321};
  EXPECT_EQ(of({}, ever), Counts{});
  EXPECT_EQ(of({5, 6}, ever), (Counts{{80, 1}, {81, 1}}));
  EXPECT_EQ(of(times, ever),
            (Counts{{80, 1}, {81, 1}, {82, 1}, {83, 1}, {84, 1}, {85, 60'004}, {6060, 1}}));
  // As of a moment, later steps were not taken.
  EXPECT_EQ(of(times, 60 * second), (Counts{{80, 1}, {81, 1}, {82, 1}, {83, 1}}));
  EXPECT_EQ(of(times, 0), (Counts{{80, 1}}));
  EXPECT_EQ(of(times, -1), Counts{});
}

}  // namespace
}  // namespace calytics::core
