// What the days ahead may bring, from the days that are over. Exponential smoothing with the week
// as its season (smoothing.hpp), on the values or on their square roots, whichever would have erred
// less; weekdays on which nothing ever happens are left out of it and stay at nothing. The error it
// would have made stands beside it, from the same series cut off at earlier days, and that of the
// simplest guess, the same weekday of the week before.
//
// Guarantees: nothing here allocates or throws; the same history gives the same forecast; a factor
// on the history is a factor on the forecast; where nothing is ever negative, no forecast is; the
// days of a range add up to its value.
#pragma once

#include <cstddef>
#include <limits>
#include <span>

#include "core/metrics/smoothing.hpp"

namespace calytics::core {

inline constexpr std::size_t kLeastHistory = 56;     // days
inline constexpr std::size_t kMostHistory = 730;     // days; what is older is left out
inline constexpr std::size_t kLongestHorizon = 366;  // days

struct ForecastAsked {
  std::span<const double> history;       // a value a day, the last day that is over last
  std::size_t weekday = 0;               // of the first day, any day of the week being 0
  std::span<const std::size_t> lengths;  // of the ranges ahead, in days
  bool never_negative = true;
  double confidence = 0.8;  // that a value lies in its interval
};

struct ForecastRange {
  double value = 0;
  double low = 0;
  double high = 0;
};

// NaN: not known. Errors are mean absolute ones, scaled by those of guessing each day of the
// history by the same weekday of the week before (MASE: Hyndman and Koehler, 2006).
struct ForecastTrial {
  std::size_t folds = 0;
  std::size_t days = 0;  // that each fold looked ahead
  double error = std::numeric_limits<double>::quiet_NaN();
  double naive_error = std::numeric_limits<double>::quiet_NaN();
  double coverage = std::numeric_limits<double>::quiet_NaN();  // the share of days not left out
                                                               // that lay within their interval
};

enum class ForecastOutcome { made, too_short, too_far };
enum class ForecastScale { linear, root };

struct Forecast {
  ForecastOutcome outcome = ForecastOutcome::made;
  ForecastScale scale = ForecastScale::linear;
  SmoothingGains gains;
  std::size_t season = 0;  // weekdays that are not left out
  ForecastTrial trial;
};

// Writes as many ranges as `lengths` has. work: room for twice the history.
Forecast forecast(const ForecastAsked& asked, std::span<double> work,
                  std::span<ForecastRange> ranges) noexcept;

// How many standard deviations around its mean hold that share of a normal distribution.
double deviations_within(double share) noexcept;

}  // namespace calytics::core
