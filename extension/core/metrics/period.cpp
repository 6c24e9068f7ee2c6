#include "core/metrics/period.hpp"

#include <algorithm>

namespace calytics::core {

namespace {

constexpr bool finite(std::int64_t time) {
  return time != kNoBegin && time != kNoEnd;
}

void cut(Period& period) {
  period.cut_at = std::max(std::min(period.ends_at, period.as_of), period.starts_at);
}

Instant less(Instant at, std::int64_t span) {
  Instant result = 0;
  if (!finite(at)) return at;
  return __builtin_sub_overflow(at, span, &result) ? kNoBegin : result;
}

}  // namespace

PeriodStatus calendar_period(Unit unit, Instant at, Instant as_of, int back, const Clock& clock,
                             int week_start, Period& period) {
  const std::int64_t start = start_of(unit, clock.shows(at), week_start);
  const std::int64_t earlier = plus_units(unit, start, -back);
  period.starts_at = clock.hour_begins(earlier);
  period.ends_at = clock.hour_begins(plus_units(unit, earlier, 1));
  period.as_of = as_of;
  period.unit = unit;
  if (back != 0) {
    if (!finite(start) || !finite(as_of)) return PeriodStatus::infinite;
    std::int64_t elapsed = 0;
    std::int64_t seen = 0;
    if (__builtin_sub_overflow(clock.shows(as_of), start, &elapsed) ||
        __builtin_add_overflow(earlier, elapsed, &seen)) {
      return PeriodStatus::out_of_range;
    }
    period.as_of = clock.instant(clock.zone, seen);
  }
  cut(period);
  return PeriodStatus::ok;
}

PeriodStatus custom_period(Instant from, Instant to, Instant as_of, int back, Period& period) {
  std::int64_t step = 0;
  if (__builtin_sub_overflow(to, from, &step) || __builtin_mul_overflow(step, back, &step) ||
      __builtin_sub_overflow(from, step, &period.starts_at) ||
      __builtin_sub_overflow(to, step, &period.ends_at)) {
    return PeriodStatus::out_of_range;
  }
  period.as_of = as_of;
  if (finite(as_of) && __builtin_sub_overflow(as_of, step, &period.as_of))
    return PeriodStatus::out_of_range;
  period.unit = Unit::none;
  cut(period);
  return PeriodStatus::ok;
}

Unit series_unit(const Period& period) {
  switch (period.unit) {
    case Unit::day:
      return Unit::hour;
    case Unit::week:
    case Unit::month:
      return Unit::day;
    case Unit::quarter:
      return Unit::week;
    case Unit::year:
      return Unit::month;
    case Unit::none:
    case Unit::hour:
      break;
  }
  const std::int64_t length = period.ends_at - period.starts_at;
  return length <= 2 * kDay      ? Unit::hour
         : length <= 62 * kDay   ? Unit::day
         : length <= 200 * kDay  ? Unit::week
         : length <= 1500 * kDay ? Unit::month
                                 : Unit::quarter;
}

Buckets::Buckets(const Period& period, Unit unit, const Clock& clock, int week_start)
    : period_(period),
      clock_(clock),
      unit_(unit),
      local_(kNoEnd),
      last_(clock.shows(period.ends_at) - 1) {
  if (unit != Unit::none && finite(period.starts_at) && finite(period.ends_at))
    local_ = start_of(unit, clock.shows(period.starts_at), week_start);
}

bool Buckets::next(Bucket& bucket) {
  while (local_ <= last_ && local_ != kNoEnd) {
    const std::int64_t after = plus_units(unit_, local_, 1);
    const Instant begins = clock_.hour_begins(local_);
    const Instant ends = clock_.hour_begins(after);
    bucket = {local_, std::max(begins, period_.starts_at), std::min(ends, period_.ends_at)};
    local_ = after;
    if (begins < ends) return true;  // else a clock change skips it
  }
  return false;
}

unsigned window_named(std::string_view name) {
  constexpr std::array<std::string_view, kMostWindows> names = {
      "period service",   "period booked",   "period event",
      "upcoming service", "matured service", "converted service"};
  const auto* const found = std::find(names.begin(), names.end(), name);
  return found == names.end() ? 0U : 1U << (found - names.begin());
}

std::size_t windows_of(const Period& period, const Rules& rules, const Clock& clock,
                       unsigned wanted, std::array<Window, kMostWindows>& windows) {
  const Instant today = clock.hour_begins(start_of(Unit::day, clock.shows(period.as_of), 1));
  const Instant rebooked_by = less(today, rules.rebook_within);
  const Instant converted_by = less(today, rules.convert_within);
  if (rebooked_by == converted_by) wanted &= ~kConvertedService;
  const std::array<Window, kMostWindows> all = {{
      {"service", "period", period.starts_at, period.cut_at, true, period.as_of},
      {"booked", "period", period.starts_at, period.cut_at, true, kUnknown},
      {"event", "period", period.starts_at, period.cut_at, false, kUnknown},
      {"service", "upcoming", std::max(period.starts_at, period.as_of), period.ends_at, false,
       kUnknown},
      {"service", "matured", period.starts_at, std::min(period.cut_at, rebooked_by), false,
       rebooked_by},
      {"service", "converted", period.starts_at, std::min(period.cut_at, converted_by), false,
       converted_by},
  }};
  std::size_t size = 0;
  for (std::size_t i = 0; i < all.size(); ++i) {
    if ((wanted & 1U << i) != 0) windows[size++] = all[i];
  }
  return size;
}

}  // namespace calytics::core
