#include "core/metrics/forecast.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace calytics::core {

namespace {

constexpr std::size_t kWeek = 7;
constexpr std::size_t kLeastTraining = 42;
constexpr std::size_t kMostFolds = 12;
constexpr std::size_t kLongestFold = 28;

using Weekdays = std::array<bool, kWeek>;

// A weekday is closed if nothing ever happened on it, and that is no chance: if days with something
// fell on any weekday alike, all of these would miss it once in a thousand times.
Weekdays open_weekdays(std::span<const double> history, std::size_t weekday) {
  constexpr double chance = 0.001;
  Weekdays open = {};
  std::size_t busy = 0;
  for (std::size_t i = 0; i < history.size(); ++i) {
    if (history[i] == 0) continue;
    open[(weekday + i) % kWeek] = true;
    ++busy;
  }
  if (std::pow(1 - 1.0 / kWeek, static_cast<double>(busy)) > chance) open.fill(true);
  return open;
}

double normal_density(double x) {
  constexpr double pi = 3.14159265358979323846;
  return std::exp(-x * x / 2) / std::sqrt(2 * pi);
}

double normal_share_below(double x) {
  return std::erfc(-x / std::sqrt(2.0)) / 2;
}

// Forecasts of the open days ahead, on the model's scale.
struct Ahead {
  std::array<double, kLongestHorizon> mean;
  std::array<double, kLongestHorizon> lasting;
  double variance = 0;
  std::size_t size = 0;
};

Ahead look_ahead(const Smoothing& smoothing, std::size_t days) {
  Ahead ahead;
  ahead.size = days;
  ahead.variance = smoothing.variance;
  SmoothingState state = smoothing.state;
  for (std::size_t i = 0; i < days; ++i) {
    ahead.mean[i] = state.next(smoothing.gains.damping);
    state.take(0, smoothing.gains);
    ahead.lasting[i] = lasting(smoothing.gains, state.length, i);
  }
  return ahead;
}

struct Model {
  ForecastScale scale = ForecastScale::linear;
  bool never_negative = true;
  double deviations = 0;  // of the interval
  double unit = 1;        // of the values

  ForecastRange day(double mean, double deviation) const;
  ForecastRange range(const Ahead& ahead, std::size_t from, std::size_t to) const;
  ForecastRange told(ForecastRange range) const;
};

// The normal distribution of one day, taken back from the model's scale. Of roots, what lies below
// 0 is none.
ForecastRange Model::day(double mean, double deviation) const {
  ForecastRange range = {mean, mean - deviations * deviation, mean + deviations * deviation};
  if (scale == ForecastScale::linear) return range;
  const auto square = [](double root) { return root > 0 ? root * root : 0; };
  const double above = deviation > 0 ? normal_share_below(mean / deviation) : (mean > 0 ? 1 : 0);
  const double edge = deviation > 0 ? normal_density(mean / deviation) : 0;
  return {(mean * mean + deviation * deviation) * above + mean * deviation * edge,
          square(range.low), square(range.high)};
}

// Days of a range err together, for the errors of the first ones last: the covariance of days i < k
// is the variance times the sum over j of lasting[j] * lasting[j + k - i]. On roots, the variance
// of a sum of squares of normals follows from it: 2 * covariance^2 + 4 * mean * mean * covariance.
ForecastRange Model::range(const Ahead& ahead, std::size_t from, std::size_t to) const {
  if (from == to) return {};
  ForecastRange sum = {};
  double together = 0;
  for (std::size_t apart = 0; apart < to - from; ++apart) {
    double lasted = 0;
    for (std::size_t i = 0; i + apart < to; ++i) {
      lasted += ahead.lasting[i] * ahead.lasting[i + apart];
      if (i < from) continue;
      const double covariance = ahead.variance * lasted;
      if (apart == 0) {
        const ForecastRange one = told(day(ahead.mean[i], std::sqrt(covariance)));
        sum.value += one.value;
        if (to - from == 1) return one;
      }
      const double means = std::max(ahead.mean[i], 0.0) * std::max(ahead.mean[i + apart], 0.0);
      const double share = scale == ForecastScale::linear
                               ? covariance
                               : 2 * covariance * covariance + 4 * means * covariance;
      together += apart == 0 ? share : 2 * share;
    }
  }
  const double deviation = unit * std::sqrt(together);
  sum.low = sum.value - deviations * deviation;
  sum.high = sum.value + deviations * deviation;
  if (never_negative) sum.low = std::max(sum.low, 0.0);
  return sum;
}

// In the unit of the history.
ForecastRange Model::told(ForecastRange range) const {
  for (double* value : {&range.value, &range.low, &range.high}) {
    *value *= unit;
    if (never_negative) *value = std::max(*value, 0.0);
  }
  return range;
}

// A history without its closed days, and where these are.
class Series {
 public:
  Series(const ForecastAsked& asked, Weekdays open)
      : history_(asked.history), weekday_(asked.weekday), open_(open) {
    for (const bool one : open)
      season_ += one ? 1 : 0;
  }

  bool is_open(std::size_t day) const { return open_[(weekday_ + day) % kWeek]; }
  double operator[](std::size_t day) const { return history_[day]; }
  std::size_t days() const { return history_.size(); }
  std::size_t season() const { return season_; }

  std::size_t open_days(std::size_t from, std::size_t to) const {
    std::size_t count = (to - from) / kWeek * season_;
    for (std::size_t day = from + (to - from) / kWeek * kWeek; day < to; ++day)
      count += is_open(day) ? 1 : 0;
    return count;
  }

  // The same weekday of the last week before `until`.
  double naive(std::size_t until, std::size_t day) const {
    return history_[day - ((day - until) / kWeek + 1) * kWeek];
  }

  // How far that guess was off, on average, until a day.
  double naive_error(std::size_t until) const {
    double sum = 0;
    for (std::size_t day = kWeek; day < until; ++day)
      sum += std::abs(history_[day] - history_[day - kWeek]);
    return sum / static_cast<double>(until - kWeek);
  }

 private:
  std::span<const double> history_;
  std::size_t weekday_;
  Weekdays open_;
  std::size_t season_ = 0;
};

// Forecasts the last weeks of the history from what was before them, from later and later on.
ForecastTrial trial_of(const Series& series, std::span<const double> values, const Model& model,
                       std::size_t horizon) {
  const std::size_t days = series.days();
  ForecastTrial trial;
  trial.days = std::min({std::max(horizon, kWeek), kLongestFold, days - kLeastTraining});
  const std::size_t last = days - trial.days;
  const std::size_t first = std::max(kLeastTraining, days / 2);
  trial.folds = last < first ? 1 : std::min(kMostFolds, 1 + (last - first) / kWeek);
  double error = 0;
  double naive_error = 0;
  double scale = 0;
  std::size_t covered = 0;
  std::size_t open = 0;
  for (std::size_t fold = 0; fold < trial.folds; ++fold) {
    const std::size_t until = last - fold * kWeek;
    const Smoothing smoothing = smoothed(values.first(series.open_days(0, until)), series.season());
    const Ahead ahead = look_ahead(smoothing, series.open_days(until, until + trial.days));
    std::size_t next = 0;
    for (std::size_t day = until; day < until + trial.days; ++day) {
      ForecastRange range;
      if (series.is_open(day)) {
        range = model.range(ahead, next, next + 1);
        ++next;
        ++open;
        covered += series[day] >= range.low && series[day] <= range.high ? 1 : 0;
      }
      error += std::abs(series[day] - range.value);
      naive_error += std::abs(series[day] - series.naive(until, day));
    }
    scale += series.naive_error(until) * static_cast<double>(trial.days);
  }
  if (scale > 0) {
    trial.error = error / scale;
    trial.naive_error = naive_error / scale;
  }
  trial.coverage = static_cast<double>(covered) / static_cast<double>(open);
  return trial;
}

}  // namespace

double deviations_within(double share) noexcept {
  double low = 0;
  double high = 40;
  constexpr int halvings = 100;
  for (int i = 0; i < halvings; ++i) {
    const double middle = (low + high) / 2;
    (std::erf(middle / std::sqrt(2.0)) < share ? low : high) = middle;
  }
  return low;
}

Forecast forecast(const ForecastAsked& asked, std::span<double> work,
                  std::span<ForecastRange> ranges) noexcept {
  ForecastAsked kept = asked;
  if (kept.history.size() > kMostHistory) {
    kept.weekday += kept.history.size() - kMostHistory;
    kept.history = kept.history.last(kMostHistory);
  }
  Forecast made;
  std::size_t horizon = 0;
  for (const std::size_t length : asked.lengths)
    horizon += length;
  if (horizon > kLongestHorizon) made.outcome = ForecastOutcome::too_far;
  if (kept.history.size() < kLeastHistory) made.outcome = ForecastOutcome::too_short;
  if (made.outcome != ForecastOutcome::made) return made;

  const Series series(kept, open_weekdays(kept.history, kept.weekday));
  std::size_t size = 0;
  double unit = 0;
  for (std::size_t day = 0; day < series.days(); ++day) {
    if (!series.is_open(day)) continue;
    work[size++] = series[day];
    unit += std::abs(series[day]);
  }
  unit = unit > 0 ? unit / static_cast<double>(size) : 1;
  const std::span<double> values = work.first(size);
  const std::span<double> roots = work.subspan(size, size);
  for (std::size_t i = 0; i < size; ++i) {
    values[i] /= unit;
    roots[i] = std::sqrt(std::max(values[i], 0.0));
  }

  Model model = {ForecastScale::linear, asked.never_negative, deviations_within(asked.confidence),
                 unit};
  made.trial = trial_of(series, values, model, horizon);
  if (asked.never_negative) {
    Model rooted = model;
    rooted.scale = ForecastScale::root;
    const ForecastTrial trial = trial_of(series, roots, rooted, horizon);
    if (trial.error < made.trial.error) {
      model = rooted;
      made.trial = trial;
    }
  }
  const Smoothing smoothing =
      smoothed(model.scale == ForecastScale::root ? roots : values, series.season());
  made.scale = model.scale;
  made.gains = smoothing.gains;
  made.season = series.season();
  const std::size_t days = series.days();
  const Ahead ahead = look_ahead(smoothing, series.open_days(days, days + horizon));
  std::size_t day = days;
  std::size_t from = 0;
  for (std::size_t i = 0; i < asked.lengths.size(); ++i) {
    const std::size_t to = from + series.open_days(day, day + asked.lengths[i]);
    ranges[i] = model.range(ahead, from, to);
    from = to;
    day += asked.lengths[i];
  }
  return made;
}

}  // namespace calytics::core
