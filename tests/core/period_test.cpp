// Periods against their definition, on the clock of a place that knows clock changes of an hour and
// of half an hour: buckets are a period without gap or overlap, and an earlier period is looked at
// from the same local time after its start.

#include "core/metrics/period.hpp"

#include <algorithm>
#include <random>
#include <string>

#include <gtest/gtest.h>

namespace {

using namespace calytics::core;

constexpr std::int64_t kStart = 9497LL * kDay;  // 2026-01-01

// An hour ahead from day 86 to day 296, half an hour from day 400 to day 500, changed at full hours
// of the clock, as clocks are.
struct Place {
  std::int64_t offset = -3 * kHour;

  std::int64_t ahead(Instant at) const {
    const auto between = [at](std::int64_t since, std::int64_t until) {
      return at >= kStart + since && at < kStart + until;
    };
    return offset + (between(86 * kDay, 296 * kDay) ? kHour : 0) +
           (between(400 * kDay, 500 * kDay + kHour / 2) ? kHour / 2 : 0);
  }
};

bool finite(std::int64_t time) {
  return time != kNoBegin && time != kNoEnd;
}

std::int64_t local(const void* zone, Instant at) {
  return finite(at) ? at + static_cast<const Place*>(zone)->ahead(at) : at;
}

// As time zones commonly have it: a skipped time is told by the clock before the change, of a
// repeated one the later is meant.
Instant instant(const void* zone, std::int64_t shown) {
  if (!finite(shown)) return shown;
  const auto* place = static_cast<const Place*>(zone);
  const Instant late = shown - place->ahead(shown - place->offset - 6 * kHour);
  const Instant early = shown - place->ahead(shown - place->offset + 6 * kHour);
  return local(zone, early) == shown ? early : late;
}

class PeriodTest : public testing::Test {
 protected:
  Instant moment() {
    return kStart + std::uniform_int_distribution<std::int64_t>(0, 600 * kDay)(dice_);
  }
  int week_start() { return std::uniform_int_distribution<int>(1, 7)(dice_); }

  Place place_;
  Clock clock_ = {local, instant, &place_};
  std::mt19937 dice_{42};
};

constexpr Unit kPeriods[] = {Unit::day, Unit::week, Unit::month, Unit::quarter, Unit::year};
constexpr Unit kUnits[] = {Unit::hour,  Unit::day,     Unit::week,
                           Unit::month, Unit::quarter, Unit::year};

TEST_F(PeriodTest, HoldsItsMomentAndBeginsWithItsUnit) {
  for (int i = 0; i < 2'000; ++i) {
    const Instant at = moment();
    const int week_start = this->week_start();
    for (const Unit unit : kPeriods) {
      Period period;
      ASSERT_EQ(calendar_period(unit, at, at, 0, clock_, week_start, period), PeriodStatus::ok);
      EXPECT_LE(period.starts_at, at);
      EXPECT_GT(period.ends_at, at);
      EXPECT_EQ(period.cut_at, at);
      EXPECT_EQ(local(&place_, period.starts_at), start_of(unit, local(&place_, at), week_start));
      EXPECT_EQ(start_of(unit, local(&place_, period.ends_at - 1), week_start),
                start_of(unit, local(&place_, at), week_start));
    }
  }
}

TEST_F(PeriodTest, TheOneBeforeEndsWhereItBeginsAndIsSeenFromTheSameElapsedTime) {
  for (int i = 0; i < 2'000; ++i) {
    const Instant at = moment();
    for (const Unit unit : kPeriods) {
      Period now;
      Period then;
      ASSERT_EQ(calendar_period(unit, at, at, 0, clock_, 1, now), PeriodStatus::ok);
      ASSERT_EQ(calendar_period(unit, at, at, 1, clock_, 1, then), PeriodStatus::ok);
      EXPECT_EQ(then.ends_at, now.starts_at);
      const std::int64_t elapsed = local(&place_, at) - local(&place_, now.starts_at);
      EXPECT_EQ(then.as_of, instant(&place_, local(&place_, then.starts_at) + elapsed));
    }
  }
}

TEST_F(PeriodTest, BucketsAreThePeriod) {
  for (int i = 0; i < 300; ++i) {
    Period period;
    const Instant from = moment();
    ASSERT_EQ(custom_period(from, from + 1 + (moment() - kStart) / 8, from, 0, period),
              PeriodStatus::ok);
    const int week_start = this->week_start();
    for (const Unit unit : kUnits) {
      Instant reached = period.starts_at;
      Bucket bucket;
      for (Buckets buckets(period, unit, clock_, week_start); buckets.next(bucket);) {
        ASSERT_EQ(bucket.starts_at, reached);
        ASSERT_LT(bucket.starts_at, bucket.ends_at);
        EXPECT_EQ(start_of(unit, local(&place_, bucket.starts_at), week_start), bucket.local);
        EXPECT_EQ(start_of(unit, local(&place_, bucket.ends_at - 1), week_start), bucket.local);
        reached = bucket.ends_at;
      }
      ASSERT_EQ(reached, period.ends_at);
    }
  }
}

TEST_F(PeriodTest, ACustomRangeGoesBackByItsOwnLength) {
  Period then;
  ASSERT_EQ(custom_period(kStart, kStart + kDay, kStart + kHour, 1, then), PeriodStatus::ok);
  EXPECT_EQ(then.starts_at, kStart - kDay);
  EXPECT_EQ(then.ends_at, kStart);
  EXPECT_EQ(then.as_of, kStart - kDay + kHour);
  EXPECT_EQ(then.cut_at, then.as_of);
  EXPECT_EQ(then.unit, Unit::none);
}

TEST_F(PeriodTest, WhatIsBeyondAllTimesIsSaid) {
  Period period;
  EXPECT_EQ(calendar_period(Unit::year, kNoEnd, kStart, 1, clock_, 1, period),
            PeriodStatus::infinite);
  EXPECT_EQ(custom_period(kNoBegin + 1, kNoEnd - 1, kStart, 1, period), PeriodStatus::out_of_range);
  Bucket bucket;
  period.starts_at = kStart;
  period.ends_at = kNoEnd;
  EXPECT_FALSE(Buckets(period, Unit::day, clock_, 1).next(bucket));
}

TEST_F(PeriodTest, ASeriesHasBetweenSevenAndSixtyTwoBucketsOfAnyPeriod) {
  const auto unit_of = [](Unit unit, std::int64_t length) {
    return series_unit({0, 0, length, 0, unit});
  };
  EXPECT_EQ(unit_of(Unit::day, kDay), Unit::hour);
  EXPECT_EQ(unit_of(Unit::week, 7 * kDay), Unit::day);
  EXPECT_EQ(unit_of(Unit::quarter, 91 * kDay), Unit::week);
  EXPECT_EQ(unit_of(Unit::year, 365 * kDay), Unit::month);
  EXPECT_EQ(unit_of(Unit::none, 2 * kDay), Unit::hour);
  EXPECT_EQ(unit_of(Unit::none, 2 * kDay + 1), Unit::day);
  EXPECT_EQ(unit_of(Unit::none, 63 * kDay), Unit::week);
  EXPECT_EQ(unit_of(Unit::none, 201 * kDay), Unit::month);
  EXPECT_EQ(unit_of(Unit::none, 1501 * kDay), Unit::quarter);
}

TEST_F(PeriodTest, WindowsComeAsTheyAreWanted) {
  Rules rules;
  rules.rebook_within = rules.convert_within = 30 * kDay;
  Period period;
  ASSERT_EQ(calendar_period(Unit::month, kStart + 40 * kDay, kStart + 40 * kDay + kHour, 0, clock_,
                            1, period),
            PeriodStatus::ok);
  std::array<Window, kMostWindows> windows;
  EXPECT_EQ(windows_of(period, rules, clock_, kAllWindows, windows), 5U);
  rules.convert_within = 60 * kDay;
  ASSERT_EQ(windows_of(period, rules, clock_, kAllWindows, windows), kMostWindows);
  for (std::size_t i = 0; i < kMostWindows; ++i) {
    const std::string name = std::string(windows[i].name) + ' ' + std::string(windows[i].basis);
    EXPECT_EQ(window_named(name), 1U << i) << name;
  }
  EXPECT_EQ(window_named("period"), 0U);
  EXPECT_EQ(windows[3].lo, period.as_of);
  EXPECT_EQ(windows[3].hi, period.ends_at);
  // The day of the as-of time began at local midnight.
  EXPECT_EQ(windows[4].ended_by, instant(&place_, kStart + 39 * kDay) - 30 * kDay);
  EXPECT_EQ(windows[4].hi, std::min(period.cut_at, windows[4].ended_by));
  ASSERT_EQ(windows_of(period, rules, clock_, kPeriodBooked | kUpcomingService, windows), 2U);
  EXPECT_EQ(windows[0].basis, "booked");
  EXPECT_EQ(windows[1].name, "upcoming");
}

}  // namespace
