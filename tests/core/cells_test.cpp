// Cells of lead times, at the edges of classes and of doublings, and of hours.
#include "core/metrics/cells.hpp"

#include <utility>

#include <gtest/gtest.h>

namespace calytics::core {
namespace {

TEST(Cells, LeadTimes) {
  const std::array<std::pair<std::int64_t, int>, 8> classes = {
      {{0, 0}, {59, 0}, {60, 1}, {1440, 3}, {80'639, 7}, {80'640, 8}, {359, 1}, {360, 2}}};
  for (const auto& [minutes, expected] : classes)
    EXPECT_EQ(lead_class(minutes), expected) << minutes;
  const std::array<std::pair<std::int64_t, int>, 7> bins = {
      {{0, 0}, {63, 63}, {64, 64}, {65, 64}, {66, 65}, {127, 95}, {128, 96}}};
  for (const auto& [minutes, expected] : bins)
    EXPECT_EQ(lead_bin(minutes), expected) << minutes;
  EXPECT_EQ(lead_bin((1 << 23) - 1), 64 + 16 * 32 + 31);
  EXPECT_EQ(lead_bin(1 << 23), 64 + 17 * 32);
}

TEST(Cells, HoursOfTheWeek) {
  const std::int64_t monday = local_of({2024, 4, 1});
  EXPECT_EQ(hour_of_week(monday), 0);
  EXPECT_EQ(hour_of_week(monday - 1), 167);
  EXPECT_EQ(hour_of_week(monday + 25 * kHour), 25);
}

}  // namespace
}  // namespace calytics::core
