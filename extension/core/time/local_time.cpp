// Calendar arithmetic in eras of 400 years, whose years begin in March: leap days come last then,
// and the lengths of months follow from one line.
#include "core/time/local_time.hpp"

#include <algorithm>
#include <array>

namespace calytics::core {
namespace {

constexpr std::int64_t kDaysOfEra = 146'097;
constexpr std::int64_t kDaysToMarch = 730'425;  // from 0000-03-01 to 2000-01-01

// As Unit has them.
constexpr std::array<std::string_view, 7> kUnitNames = {"",      "hour",    "day", "week",
                                                        "month", "quarter", "year"};

constexpr std::int64_t floor_div(std::int64_t a, std::int64_t b) {
  return a / b - (a % b < 0 ? 1 : 0);
}

constexpr std::int64_t floor_mod(std::int64_t a, std::int64_t b) {
  return a - floor_div(a, b) * b;
}

}  // namespace

bool read_unit(std::string_view name, Unit& unit) {
  const auto* const found = std::find(kUnitNames.begin(), kUnitNames.end(), name);
  if (name.empty() || found == kUnitNames.end()) return false;
  unit = static_cast<Unit>(found - kUnitNames.begin());
  return true;
}

std::string_view name_of(Unit unit) {
  return kUnitNames[static_cast<std::size_t>(unit)];
}

Date date_of(std::int64_t local) {
  const std::int64_t days = day_of(local) + kDaysToMarch;
  const std::int64_t era = floor_div(days, kDaysOfEra);
  const std::int64_t day = floor_mod(days, kDaysOfEra);
  const std::int64_t year = (day - day / 1'460 + day / 36'524 - day / 146'096) / 365;
  const std::int64_t day_of_year = day - (365 * year + year / 4 - year / 100);
  const std::int64_t month = (5 * day_of_year + 2) / 153;  // 0 is March
  return {static_cast<std::int32_t>(year + era * 400 + (month >= 10 ? 1 : 0)),
          static_cast<std::int32_t>(month < 10 ? month + 3 : month - 9),
          static_cast<std::int32_t>(day_of_year - (153 * month + 2) / 5 + 1)};
}

std::int64_t local_of(Date date) {
  const std::int64_t years = date.year - (date.month <= 2 ? 1 : 0);
  const std::int64_t era = floor_div(years, 400);
  const std::int64_t year = floor_mod(years, 400);
  const std::int64_t month = date.month > 2 ? date.month - 3 : date.month + 9;
  const std::int64_t day_of_year = (153 * month + 2) / 5 + date.day - 1;
  const std::int64_t day = 365 * year + year / 4 - year / 100 + day_of_year;
  return (era * kDaysOfEra + day - kDaysToMarch) * kDay;
}

int hour_of(std::int64_t local) {
  return static_cast<int>(floor_mod(local, kDay) / kHour);
}

int weekday_of(std::int64_t local) {
  constexpr std::int64_t saturday = 5;  // 2000-01-01, counted from Monday
  return static_cast<int>(floor_mod(day_of(local) + saturday, 7)) + 1;
}

std::int64_t start_of(Unit unit, std::int64_t local, int week_start) {
  if (local == kNoBegin || local == kNoEnd) return local;
  switch (unit) {
    case Unit::none:
      return kNoBegin;
    case Unit::hour:
      return floor_div(local, kHour) * kHour;
    case Unit::day:
      return day_of(local) * kDay;
    case Unit::week:
      return (day_of(local) - floor_mod(weekday_of(local) - week_start, 7)) * kDay;
    case Unit::month:
    case Unit::quarter:
    case Unit::year:
      break;
  }
  Date date = date_of(local);
  date.day = 1;
  if (unit == Unit::quarter) date.month -= (date.month - 1) % 3;
  if (unit == Unit::year) date.month = 1;
  return local_of(date);
}

std::int64_t plus_units(Unit unit, std::int64_t start, int count) {
  if (start == kNoBegin || start == kNoEnd) return start;
  std::int32_t months = count;
  switch (unit) {
    case Unit::none:
      return start;
    case Unit::hour:
      return start + count * kHour;
    case Unit::day:
      return start + count * kDay;
    case Unit::week:
      return start + count * 7 * kDay;
    case Unit::month:
      break;
    case Unit::quarter:
      months *= 3;
      break;
    case Unit::year:
      months *= 12;
      break;
  }
  Date date = date_of(start);
  const std::int64_t month = std::int64_t{date.year} * 12 + date.month - 1 + months;
  date.year = static_cast<std::int32_t>(floor_div(month, 12));
  date.month = static_cast<std::int32_t>(floor_mod(month, 12)) + 1;
  return local_of(date);
}

}  // namespace calytics::core
