// Local times against std::chrono's calendar, which knows the years -32767 to 32767, and starts of
// units against their definition.
#include "core/time/local_time.hpp"

#include <algorithm>
#include <chrono>

#include <gtest/gtest.h>

#include "support.hpp"

namespace calytics::core {
namespace {

using std::chrono::year_month_day;

constexpr std::chrono::sys_days kEpoch{std::chrono::year{2000} / 1 / 1};

year_month_day chrono_date(std::int64_t local) {
  return kEpoch + std::chrono::days{day_of(local)};
}

std::int64_t at(int year, int month, int day, std::int64_t microseconds = 0) {
  return local_of({year, month, day}) + microseconds;
}

void expect_same_date(std::int64_t local) {
  const Date date = date_of(local);
  const year_month_day expected = chrono_date(local);
  ASSERT_EQ(date.year, static_cast<int>(expected.year())) << local;
  ASSERT_EQ(date.month, static_cast<int>(static_cast<unsigned>(expected.month()))) << local;
  ASSERT_EQ(date.day, static_cast<int>(static_cast<unsigned>(expected.day()))) << local;
  ASSERT_EQ(local_of(date), day_of(local) * kDay) << local;
  const unsigned weekday = std::chrono::weekday{std::chrono::sys_days{expected}}.iso_encoding();
  ASSERT_EQ(weekday_of(local), static_cast<int>(weekday)) << local;
}

TEST(LocalTime, EveryDayOfEightHundredYearsIsTheCalendars) {
  for (std::int64_t day = -146'097; day < 146'097; ++day)
    expect_same_date(day * kDay + 12 * kHour);
}

TEST(LocalTime, TimesBeforeTheEpochRoundDown) {
  EXPECT_EQ(day_of(-1), -1);
  EXPECT_EQ(day_of(-kDay), -1);
  EXPECT_EQ(day_of(-kDay - 1), -2);
  EXPECT_EQ(hour_of(-1), 23);
  EXPECT_EQ(hour_of(-kHour), 23);
  EXPECT_EQ(hour_of(-kHour - 1), 22);
  EXPECT_EQ(hour_of(at(1999, 12, 31, 5 * kHour)), 5);
  EXPECT_EQ(date_of(-1).year, 1999);
}

TEST(LocalTime, TheEndsOfPostgresqlsRange) {
  const std::int64_t first = at(-4713, 11, 24);
  EXPECT_EQ(first, -211'813'488'000'000'000);
  const std::int64_t last = at(294'277, 1, 1) - 1;
  EXPECT_EQ(last, 9'223'371'331'199'999'999);
  EXPECT_EQ(start_of(Unit::year, last, 1), at(294'276, 1, 1));
}

TEST(LocalTime, StartsOfUnits) {
  const std::int64_t thursday = at(2024, 2, 29, 13 * kHour + 17);  // a leap day
  EXPECT_EQ(start_of(Unit::hour, thursday, 1), at(2024, 2, 29, 13 * kHour));
  EXPECT_EQ(start_of(Unit::day, thursday, 1), at(2024, 2, 29));
  EXPECT_EQ(start_of(Unit::month, thursday, 1), at(2024, 2, 1));
  EXPECT_EQ(start_of(Unit::quarter, thursday, 1), at(2024, 1, 1));
  EXPECT_EQ(start_of(Unit::year, thursday, 1), at(2024, 1, 1));
  EXPECT_EQ(start_of(Unit::quarter, at(2024, 12, 31), 1), at(2024, 10, 1));
  EXPECT_EQ(start_of(Unit::none, thursday, 1), kNoBegin);
}

TEST(LocalTime, AWeekStartsOnTheDayAskedFor) {
  const std::int64_t thursday = at(2024, 2, 29, kHour);
  EXPECT_EQ(start_of(Unit::week, thursday, 1), at(2024, 2, 26));
  EXPECT_EQ(start_of(Unit::week, thursday, 4), at(2024, 2, 29));
  EXPECT_EQ(start_of(Unit::week, thursday, 5), at(2024, 2, 23));
  EXPECT_EQ(start_of(Unit::week, thursday, 7), at(2024, 2, 25));
}

TEST(LocalTime, AStartIsNeverLaterAndOfTheRightKind) {
  auto generator = testing::make_generator();
  for (int i = 0; i < 20'000; ++i) {
    const std::int64_t local = static_cast<std::int64_t>(generator() % (4'000 * 366 * kDay)) -
                               std::int64_t{2'000} * 366 * kDay;
    const int week_start = 1 + static_cast<int>(generator() % 7);
    const std::int64_t week = start_of(Unit::week, local, week_start);
    ASSERT_EQ(weekday_of(week), week_start);
    ASSERT_TRUE(week <= local && local < week + 7 * kDay);
    for (const Unit unit : {Unit::hour, Unit::day, Unit::month, Unit::quarter, Unit::year}) {
      const std::int64_t start = start_of(unit, local, week_start);
      ASSERT_LE(start, local);
      ASSERT_EQ(start_of(unit, start, week_start), start);
      ASSERT_LT(start_of(unit, start - 1, week_start), start);
    }
  }
}

TEST(LocalTime, InfinitiesStartWhereTheyAre) {
  for (const Unit unit : {Unit::hour, Unit::week, Unit::year}) {
    EXPECT_EQ(start_of(unit, kNoBegin, 1), kNoBegin);
    EXPECT_EQ(start_of(unit, kNoEnd, 1), kNoEnd);
  }
}

}  // namespace
}  // namespace calytics::core
