// Why: a forecast is as right as its recursion, its gains and what it says of errors to come. Each
// is held against another way to the same number: the method as Holt and Winters wrote it, gains at
// random, and an error followed through the model.

#include "core/metrics/smoothing.hpp"

#include <cmath>
#include <random>
#include <vector>

#include <gtest/gtest.h>

namespace calytics::core {
namespace {

constexpr std::size_t kWeek = 7;

std::vector<double> noisy_weeks(std::mt19937& engine, std::size_t days) {
  std::normal_distribution<double> noise;
  std::vector<double> values(days);
  double level = 20;
  for (std::size_t i = 0; i < days; ++i) {
    level += 0.3 * noise(engine);
    values[i] = level + 5 * std::sin(static_cast<double>(i % kWeek)) + 2 * noise(engine);
  }
  return values;
}

SmoothingGains random_gains(std::mt19937& engine) {
  std::uniform_real_distribution<double> unit;
  SmoothingGains gains;
  gains.level = unit(engine);
  gains.trend = gains.level * unit(engine);
  gains.season = (1 - gains.level) * unit(engine);
  gains.damping = 0.8 + 0.18 * unit(engine);
  return gains;
}

double errors_of(const std::vector<double>& values, const SmoothingGains& gains) {
  SmoothingState state = first_state(values, kWeek);
  return squared_errors(values, gains, state);
}

TEST(Smoothing, IsTheMethodOfHoltAndWinters) {
  const auto seed = std::random_device{}();
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  std::mt19937 engine(seed);
  for (int round = 0; round < 50; ++round) {
    const std::vector<double> values = noisy_weeks(engine, 100);
    const SmoothingGains gains = random_gains(engine);
    const SmoothingState first = first_state(values, kWeek);
    double level = first.level;
    double trend = first.trend;
    std::vector<double> season(first.season.begin(), first.season.end());
    double sum = 0;
    const double share = gains.trend / gains.level;
    for (std::size_t t = 0; t < values.size(); ++t) {
      const double old_season = season[t % kWeek];
      const double old_level = level;
      const double carried = gains.damping * trend;
      const double error = values[t] - (old_level + carried + old_season);
      if (t >= kWeek) sum += error * error;
      level = gains.level * (values[t] - old_season) + (1 - gains.level) * (old_level + carried);
      trend = share * (level - old_level) + (1 - share) * carried;
      season[t % kWeek] =
          gains.season * (values[t] - old_level - carried) + (1 - gains.season) * old_season;
    }
    SmoothingState state = first;
    EXPECT_NEAR(squared_errors(values, gains, state) / sum, 1, 1e-9);
    EXPECT_NEAR(state.level, level, 1e-6);
    EXPECT_NEAR(state.trend, trend, 1e-6);
  }
}

TEST(Smoothing, NoGainsAtRandomErrLess) {
  const auto seed = std::random_device{}();
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  std::mt19937 engine(seed);
  for (int round = 0; round < 10; ++round) {
    const std::vector<double> values = noisy_weeks(engine, 200);
    const double found = errors_of(values, smoothed(values, kWeek).gains);
    for (int i = 0; i < 1000; ++i)
      EXPECT_GE(errors_of(values, random_gains(engine)), 0.99 * found);
  }
}

TEST(Smoothing, AnErrorLastsAsLongAsItIsFollowed) {
  std::mt19937 engine(7);
  for (int round = 0; round < 50; ++round) {
    const SmoothingGains gains = random_gains(engine);
    SmoothingState state;
    state.length = kWeek;
    state.take(1, gains);
    for (std::size_t steps = 1; steps < 60; ++steps) {
      EXPECT_NEAR(state.next(gains.damping), lasting(gains, kWeek, steps), 1e-9);
      state.take(0, gains);
    }
  }
}

TEST(Smoothing, WeeksThatRepeatAreForecastToTheDigit) {
  for (const std::size_t length : {1, 3, 7}) {
    std::vector<double> values;
    for (std::size_t i = 0; i < 70; ++i)
      values.push_back(static_cast<double>(10 + (i % length) * (i % length)));
    Smoothing smoothing = smoothed(values, length);
    EXPECT_NEAR(smoothing.variance, 0, 1e-20);
    for (std::size_t i = 70; i < 100; ++i) {
      const auto value = static_cast<double>(10 + (i % length) * (i % length));
      EXPECT_NEAR(smoothing.state.next(smoothing.gains.damping), value, 1e-9);
      smoothing.state.take(0, smoothing.gains);
    }
  }
}

}  // namespace
}  // namespace calytics::core
