// Local times, as a timestamp without time zone has them: microseconds since 2000-01-01 00:00 on
// the clock of some place, in the proleptic Gregorian calendar. What clocks say is all there is to
// them here; how they relate to instants is the time zone's business.
//
// Guarantees: as PostgreSQL's date_trunc and extract have it, before 2000 and before year 1 too,
// for all times of its range.
#pragma once

#include <cstdint>
#include <limits>
#include <string_view>

namespace calytics::core {

inline constexpr std::int64_t kHour = 3'600'000'000;
inline constexpr std::int64_t kDay = 24 * kHour;

// The infinities of a timestamp, and of a timestamptz.
inline constexpr std::int64_t kNoBegin = std::numeric_limits<std::int64_t>::min();
inline constexpr std::int64_t kNoEnd = std::numeric_limits<std::int64_t>::max();

enum class Unit { none, hour, day, week, month, quarter, year };

// A unit by its name; nothing else is read. No unit has no name.
bool read_unit(std::string_view name, Unit& unit);
std::string_view name_of(Unit unit);

struct Date {
  std::int32_t year;  // 0 is 1 BC
  std::int32_t month;
  std::int32_t day;
};

// Days since 2000-01-01, rounded down.
constexpr std::int64_t day_of(std::int64_t local) {
  return local / kDay - (local % kDay < 0 ? 1 : 0);
}

Date date_of(std::int64_t local);
std::int64_t local_of(Date date);  // its midnight

int hour_of(std::int64_t local);     // 0 to 23
int weekday_of(std::int64_t local);  // 1 is Monday, 7 Sunday

// The start of the unit that a time lies in; week_start is 1 (Monday) to 7. Without a unit, the
// beginning of time: kNoBegin. The infinities start where they are.
std::int64_t start_of(Unit unit, std::int64_t local, int week_start);

// The start of the unit so many after the one that starts then, or before it; infinities stay.
std::int64_t plus_units(Unit unit, std::int64_t start, int count);

}  // namespace calytics::core
