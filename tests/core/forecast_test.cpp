// Why: a forecast is believed because of its interval and its stated error. Both are held against
// other ways to the same number: paths drawn from the model, series whose truth is known, and a
// count by hand.

#include "core/metrics/forecast.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <random>
#include <vector>

#include <gtest/gtest.h>

namespace calytics::core {
namespace {

constexpr std::size_t kWeek = 7;

struct Made {
  Forecast forecast;
  std::vector<ForecastRange> ranges;
};

Made forecast_of(const std::vector<double>& history, const std::vector<std::size_t>& lengths,
                 bool never_negative = true, double confidence = 0.8) {
  std::vector<double> work(2 * history.size());
  Made made;
  made.ranges.resize(lengths.size());
  made.forecast = forecast({history, 3, lengths, never_negative, confidence}, work, made.ranges);
  return made;
}

std::vector<std::size_t> days(std::size_t count) {
  std::vector<std::size_t> lengths(count, 1);
  return lengths;
}

// What the model itself says may happen: a level that drifts, a week, noise.
std::vector<double> drawn(std::mt19937& engine, std::size_t size) {
  std::normal_distribution<double> noise;
  const SmoothingGains gains = {0.15, 0.005, 0.05, 0.9};
  SmoothingState state;
  state.length = kWeek;
  state.level = 100;
  state.season = {-20, 10, 5, 0, 15, 20, -30};
  std::vector<double> values(size);
  for (double& value : values) {
    const double error = 8 * noise(engine);
    value = state.next(gains.damping) + error;
    state.take(error, gains);
  }
  return values;
}

std::vector<double> counts(std::mt19937& engine, std::size_t size, double busy) {
  std::vector<double> values(size);
  for (std::size_t i = 0; i < size; ++i)
    values[i] = std::poisson_distribution<int>(busy * (1 + static_cast<double>(i % kWeek)))(engine);
  return values;
}

TEST(Forecast, IntervalsHoldAsOftenAsTheySay) {
  std::mt19937 engine(20260504);
  int day_hits = 0;
  int month_hits = 0;
  constexpr int rounds = 80;
  constexpr std::size_t ahead = 28;
  for (int round = 0; round < rounds; ++round) {
    const std::vector<double> values = drawn(engine, 300 + ahead);
    const std::vector<double> history(values.begin(), values.begin() + 300);
    const Made by_day = forecast_of(history, days(ahead), false);
    const Made at_once = forecast_of(history, {ahead}, false);
    for (std::size_t i = 0; i < ahead; ++i)
      day_hits +=
          values[300 + i] >= by_day.ranges[i].low && values[300 + i] <= by_day.ranges[i].high;
    const double sum = std::accumulate(values.begin() + 300, values.end(), 0.0);
    month_hits += sum >= at_once.ranges[0].low && sum <= at_once.ranges[0].high;
  }
  EXPECT_NEAR(day_hits / (rounds * static_cast<double>(ahead)), 0.8, 0.05);
  EXPECT_NEAR(month_hits / static_cast<double>(rounds), 0.8, 0.12);
}

// The model is fitted anew to what was made of the history, and its future drawn many times.
TEST(Forecast, RangesAreThoseOfPathsDrawnFromTheModel) {
  std::mt19937 engine(4711);
  std::normal_distribution<double> noise;
  for (const bool root : {false, true}) {
    std::vector<double> history = drawn(engine, 280);
    if (root) {
      for (double& value : history)
        value = value * value / 100;
    }
    const std::vector<std::size_t> lengths = {1, 6, 7, 14};
    const Made made = forecast_of(history, lengths, root);
    ASSERT_EQ(made.forecast.scale, root ? ForecastScale::root : ForecastScale::linear);
    std::vector<double> values = history;
    if (root) {
      for (double& value : values)
        value = std::sqrt(value);
    }
    const Smoothing model = smoothed(values, kWeek);
    constexpr std::size_t paths = 20000;
    std::vector<std::vector<double>> sums(lengths.size());
    for (std::size_t path = 0; path < paths; ++path) {
      SmoothingState state = model.state;
      for (std::size_t range = 0; range < lengths.size(); ++range) {
        double sum = 0;
        for (std::size_t day = 0; day < lengths[range]; ++day) {
          const double error = std::sqrt(model.variance) * noise(engine);
          const double value = state.next(model.gains.damping) + error;
          sum += root ? value * value : value;
          state.take(error, model.gains);
        }
        sums[range].push_back(sum);
      }
    }
    for (std::size_t range = 0; range < lengths.size(); ++range) {
      std::vector<double>& sum = sums[range];
      std::sort(sum.begin(), sum.end());
      const double width = sum[paths * 9 / 10] - sum[paths / 10];
      const ForecastRange& told = made.ranges[range];
      EXPECT_NEAR(told.value, std::accumulate(sum.begin(), sum.end(), 0.0) / paths, width / 30);
      EXPECT_NEAR(told.low, sum[paths / 10], width / 20) << range;
      EXPECT_NEAR(told.high, sum[paths * 9 / 10], width / 20) << range;
    }
  }
}

TEST(Forecast, ItsErrorIsThatOfForecastsOfThePast) {
  std::mt19937 engine(99);
  const std::vector<double> history = drawn(engine, 140);
  const Made made = forecast_of(history, days(14), false);
  const ForecastTrial& trial = made.forecast.trial;
  ASSERT_EQ(trial.days, 14U);
  ASSERT_EQ(trial.folds, 9U);  // from the 70th day on, a week apart
  double error = 0;
  double naive = 0;
  double scale = 0;
  double hits = 0;
  for (std::size_t until = 126; until >= 70; until -= 7) {
    const std::vector<double> past(history.begin(), history.begin() + static_cast<long>(until));
    const Made then = forecast_of(past, days(14), false);
    double steps = 0;
    for (std::size_t i = 7; i < until; ++i)
      steps += std::abs(past[i] - past[i - 7]);
    scale += 14 * steps / static_cast<double>(until - 7);
    for (std::size_t i = 0; i < 14; ++i) {
      const double value = history[until + i];
      error += std::abs(value - then.ranges[i].value);
      naive += std::abs(value - past[until - 7 + i % 7]);
      hits += value >= then.ranges[i].low && value <= then.ranges[i].high ? 1 : 0;
    }
  }
  EXPECT_NEAR(trial.error, error / scale, 1e-6);
  EXPECT_NEAR(trial.naive_error, naive / scale, 1e-12);
  EXPECT_NEAR(trial.coverage, hits / (9 * 14), 1e-9);
  EXPECT_LT(trial.error, trial.naive_error);
}

TEST(Forecast, DaysAddUpToTheirRange) {
  std::mt19937 engine(5);
  for (const double busy : {0.05, 0.5, 5.0}) {
    const std::vector<double> history = counts(engine, 200, busy);
    const Made by_day = forecast_of(history, days(60));
    const Made by_range = forecast_of(history, {10, 1, 29, 20});
    std::size_t day = 0;
    for (std::size_t i = 0; i < 4; ++i) {
      double sum = 0;
      for (const std::size_t end = day + std::vector<std::size_t>{10, 1, 29, 20}[i]; day < end;
           ++day)
        sum += by_day.ranges[day].value;
      EXPECT_NEAR(by_range.ranges[i].value, sum, 1e-9 * sum);
      EXPECT_LE(by_range.ranges[i].low, by_range.ranges[i].value);
      EXPECT_GE(by_range.ranges[i].high, by_range.ranges[i].value);
    }
  }
}

TEST(Forecast, CountsAreNeverNegative) {
  std::mt19937 engine(6);
  for (const double busy : {0.01, 0.1, 1.0}) {
    std::vector<double> history = counts(engine, 150, busy);
    for (std::size_t i = 0; i < 60; ++i)  // and it has been getting less
      history[90 + i] = i < 30 ? std::floor(history[90 + i] / 2) : 0;
    for (const ForecastRange& range : forecast_of(history, days(100)).ranges) {
      EXPECT_GE(range.low, 0);
      EXPECT_LE(range.low, range.high);
      EXPECT_GE(range.value, 0);
    }
  }
}

TEST(Forecast, AFactorOnTheHistoryIsAFactorOnTheForecast) {
  std::mt19937 engine(8);
  const std::vector<double> history = counts(engine, 120, 2);
  std::vector<double> cents = history;
  for (double& value : cents)
    value *= 1e13;
  const Made few = forecast_of(history, {1, 13, 50});
  const Made many = forecast_of(cents, {1, 13, 50});
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_NEAR(many.ranges[i].value / 1e13 / few.ranges[i].value, 1, 1e-4);
    EXPECT_NEAR(many.ranges[i].high / 1e13 / few.ranges[i].high, 1, 1e-4);
  }
  EXPECT_NEAR(many.forecast.trial.error / few.forecast.trial.error, 1, 1e-3);
}

TEST(Forecast, ClosedWeekdaysStayAtNothing) {
  std::mt19937 engine(9);
  std::vector<double> history = counts(engine, 140, 3);
  for (std::size_t i = 0; i < history.size(); i += 7)
    history[i] = history[i + 1] = 0;
  const Made made = forecast_of(history, days(70));
  EXPECT_EQ(made.forecast.season, 5U);
  for (std::size_t i = 0; i < 70; ++i) {
    if (i % 7 < 2)
      EXPECT_EQ(made.ranges[i].high, 0) << i;
    else
      EXPECT_GT(made.ranges[i].value, 1) << i;
  }
  // Of few bookings, none on a Monday is chance.
  std::vector<double> rare(140, 0.0);
  for (std::size_t i = 3; i < 140; i += 14)
    rare[i] = 1;
  EXPECT_EQ(forecast_of(rare, days(7)).forecast.season, 7U);
}

TEST(Forecast, SameDayEveryDay) {
  for (const double value : {0.0, 1.0, 1e15}) {
    const Made made = forecast_of(std::vector<double>(100, value), {1, 30, 335});
    EXPECT_EQ(made.forecast.outcome, ForecastOutcome::made);
    EXPECT_NEAR(made.ranges[1].value, 30 * value, 1e-6 * value);
    EXPECT_NEAR(made.ranges[2].low, 335 * value, 1e-6 * value);
    EXPECT_NEAR(made.ranges[2].high, 335 * value, 1e-6 * value);
    EXPECT_TRUE(std::isnan(made.forecast.trial.error));
    EXPECT_TRUE(std::isnan(made.forecast.trial.naive_error));
  }
}

TEST(Forecast, OneDayOutOfTheOrdinaryIsNotTheFuture) {
  std::vector<double> history(200, 10);
  for (const std::size_t day : {0U, 100U, 195U}) {
    std::vector<double> spiked = history;
    spiked[day] = 1e6;
    for (const ForecastRange& range : forecast_of(spiked, days(30)).ranges) {
      EXPECT_TRUE(std::isfinite(range.value) && std::isfinite(range.high));
      EXPECT_GE(range.low, 0);
      EXPECT_LE(range.value, 1e6);
    }
  }
}

TEST(Forecast, SaysWhenItCant) {
  const std::vector<double> history(55, 1.0);
  EXPECT_EQ(forecast_of(history, days(7)).forecast.outcome, ForecastOutcome::too_short);
  EXPECT_EQ(forecast_of(std::vector<double>(56, 1), days(7)).forecast.outcome,
            ForecastOutcome::made);
  EXPECT_EQ(forecast_of(std::vector<double>(90, 1), days(367)).forecast.outcome,
            ForecastOutcome::too_far);
}

TEST(Forecast, LeavesOutWhatIsLongAgo) {
  std::mt19937 engine(10);
  const std::vector<double> recent = counts(engine, kMostHistory, 2);
  std::vector<double> history(77, 1000.0);  // eleven weeks, so that weekdays stay where they are
  history.insert(history.end(), recent.begin(), recent.end());
  const Made with = forecast_of(history, days(20));
  const Made without = forecast_of(recent, days(20));
  for (std::size_t i = 0; i < 20; ++i)
    EXPECT_EQ(with.ranges[i].value, without.ranges[i].value);
}

TEST(Forecast, KnowsTheNormalDistribution) {
  EXPECT_NEAR(deviations_within(0.8), 1.2815515655446004, 1e-12);
  EXPECT_NEAR(deviations_within(0.95), 1.959963984540054, 1e-12);
  EXPECT_NEAR(deviations_within(0.5), 0.6744897501960817, 1e-12);
}

}  // namespace
}  // namespace calytics::core
