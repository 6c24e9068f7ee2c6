#include "core/metrics/smoothing.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/metrics/minimum.hpp"

namespace calytics::core {

namespace {

// How many of the first seasons tell where a series begins.
constexpr std::size_t kFirstSeasons = 4;
constexpr double kLeastDamping = 0.8;
constexpr double kMostDamping = 0.98;

double within_unit(double x) {
  return 1 / (1 + std::exp(-x));
}

// Any four numbers are gains in the usual region, in which older values matter ever less.
SmoothingGains gains_at(const Point<4>& at, bool seasonal) {
  constexpr double least = 1e-4;
  SmoothingGains gains;
  gains.level = least + (1 - 2 * least) * within_unit(at[0]);
  gains.trend = gains.level * within_unit(at[1]);
  gains.season = seasonal ? (1 - gains.level) * within_unit(at[2]) : 0;
  gains.damping = kLeastDamping + (kMostDamping - kLeastDamping) * within_unit(at[3]);
  return gains;
}

double mean(std::span<const double> values) {
  double sum = 0;
  for (const double value : values)
    sum += value;
  return sum / static_cast<double>(values.size());
}

}  // namespace

void SmoothingState::take(double error, const SmoothingGains& gains) {
  level += gains.damping * trend + gains.level * error;
  trend = gains.damping * trend + gains.trend * error;
  season[place] += gains.season * error;
  place = (place + 1) % length;
}

SmoothingState first_state(std::span<const double> values, std::size_t length) noexcept {
  SmoothingState state;
  state.length = length;
  const std::size_t seasons = std::min(kFirstSeasons, values.size() / length);
  const auto season_mean = [&](std::size_t i) { return mean(values.subspan(i * length, length)); };
  const double first = season_mean(0);
  state.trend = (season_mean(seasons - 1) - first) /
                static_cast<double>(std::max<std::size_t>(seasons - 1, 1) * length);
  state.level = first - state.trend * static_cast<double>(length + 1) / 2;
  if (length == 1) return state;
  for (std::size_t i = 0; i < seasons; ++i)
    for (std::size_t k = 0; k < length; ++k)
      state.season[k] += (values[i * length + k] - season_mean(i)) / static_cast<double>(seasons);
  return state;
}

double squared_errors(std::span<const double> values, const SmoothingGains& gains,
                      SmoothingState& state) noexcept {
  double sum = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const double error = values[i] - state.next(gains.damping);
    if (i >= state.length) sum += error * error;
    state.take(error, gains);
  }
  return sum;
}

Smoothing smoothed(std::span<const double> values, std::size_t length) noexcept {
  const SmoothingState first = first_state(values, length);
  const auto errors = [&](const Point<4>& at) {
    SmoothingState state = first;
    const double sum = squared_errors(values, gains_at(at, length > 1), state);
    return std::isfinite(sum) ? sum : std::numeric_limits<double>::max();
  };
  // A level that hardly moves, and one that follows: what lies between may be two valleys.
  constexpr double width = 1;
  constexpr double tolerance = 1e-4;
  constexpr int most_steps = 200;
  const auto from = [&](double level) {
    return minimum_near<4>(errors, {level, -3, -3, 1}, width, tolerance, most_steps);
  };
  const Point<4> slow = from(-4);
  const Point<4> quick = from(-1);
  Smoothing smoothing;
  smoothing.gains = gains_at(errors(slow) <= errors(quick) ? slow : quick, length > 1);
  smoothing.state = first;
  const double sum = squared_errors(values, smoothing.gains, smoothing.state);
  constexpr std::size_t fitted = 4;
  const std::size_t used = values.size() - length;
  smoothing.variance = sum / static_cast<double>(used > fitted ? used - fitted : 1);
  return smoothing;
}

double lasting(const SmoothingGains& gains, std::size_t length, std::size_t steps) noexcept {
  if (steps == 0) return 1;
  const auto n = static_cast<double>(steps);
  const double damped =
      gains.damping == 1 ? n
                         : gains.damping * (1 - std::pow(gains.damping, n)) / (1 - gains.damping);
  return gains.level + gains.trend * damped +
         (length > 1 && steps % length == 0 ? gains.season : 0);
}

}  // namespace calytics::core
