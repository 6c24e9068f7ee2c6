// Exponential smoothing with a damped trend and an additive season, ETS(A,Ad,A): the method of Holt
// and Winters as a state-space model (Hyndman, Koehler, Ord, Snyder: Forecasting with Exponential
// Smoothing, 2008). A value is level + trend + season + an error, and each error moves all three:
//
//   level' = level + damping * trend + level_gain * error
//   trend' = damping * trend + trend_gain * error
//   season' = season + season_gain * error        (of this place in the season)
//
// Guarantees: nothing here allocates or throws; finite values give finite results.
#pragma once

#include <array>
#include <cstddef>
#include <span>

namespace calytics::core {

inline constexpr std::size_t kLongestSeason = 7;

struct SmoothingGains {
  double level = 0;
  double trend = 0;
  double season = 0;
  double damping = 1;
};

struct SmoothingState {
  double level = 0;
  double trend = 0;
  std::array<double, kLongestSeason> season = {};
  std::size_t length = 1;  // of the season; 1: none
  std::size_t place = 0;   // in the season, of the next value

  double next(double damping) const { return level + damping * trend + season[place]; }
  void take(double error, const SmoothingGains& gains);
};

struct Smoothing {
  SmoothingGains gains;
  SmoothingState state;  // after the last value
  double variance = 0;   // of an error
};

// What the first weeks of a series look like: seasons of that length, at least two.
SmoothingState first_state(std::span<const double> values, std::size_t length) noexcept;

// The squared errors of forecasting each value by those before it, from the second season on; the
// state is moved along.
double squared_errors(std::span<const double> values, const SmoothingGains& gains,
                      SmoothingState& state) noexcept;

// The gains with the least squared errors, and where the series stands by them.
Smoothing smoothed(std::span<const double> values, std::size_t length) noexcept;

// What an error of now still does to the value so many steps later (0: the value itself, 1).
double lasting(const SmoothingGains& gains, std::size_t length, std::size_t steps) noexcept;

}  // namespace calytics::core
