#include "core/text/timestamp.hpp"

#include <cstdio>
#include <string>

#include <gtest/gtest.h>

#include "support.hpp"

namespace calytics::core {
namespace {

constexpr std::int64_t kSecond = 1'000'000;

// The second implementation: counts days year by year and month by month.
std::int64_t days_since_epoch(int year, int month, int day) {
  const auto is_leap = [](int y) { return y % 4 == 0 && (y % 100 != 0 || y % 400 == 0); };
  constexpr int kMonths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  std::int64_t days = 0;
  for (int y = 1970; y < year; ++y)
    days += is_leap(y) ? 366 : 365;
  for (int y = year; y < 1970; ++y)
    days -= is_leap(y) ? 366 : 365;
  for (int m = 1; m < month; ++m)
    days += kMonths[m - 1] + (m == 2 && is_leap(year) ? 1 : 0);
  return days + day - 1;
}

template <class... Arguments>
std::string format(const char* pattern, Arguments... arguments) {
  char buffer[100];
  std::snprintf(buffer, sizeof buffer, pattern, arguments...);
  return buffer;
}

TEST(Timestamp, KnownInstants) {
  EXPECT_EQ(parse_timestamp("1970-01-01T00:00:00Z"), 0);
  EXPECT_EQ(parse_timestamp("2001-09-09T01:46:40Z"), 1'000'000'000 * kSecond);
  EXPECT_EQ(parse_timestamp("2026-10-25T08:30:00Z"), 1'792'917'000 * kSecond);  // date -d ... +%s
  EXPECT_EQ(parse_timestamp("1969-12-31T23:59:59.999999Z"), -1);
  EXPECT_EQ(parse_timestamp("0001-01-01T00:00:00Z"), -62'135'596'800 * kSecond);
  EXPECT_EQ(parse_timestamp("9999-12-31T23:59:59.999999Z"), 253'402'300'800 * kSecond - 1);
}

TEST(Timestamp, AllSpellingsOfOneInstant) {
  for (const char* text :
       {"2026-11-10T09:00:00Z", "2026-11-10t09:00:00z", "2026-11-10 09:00:00Z", "2026-11-10T09:00Z",
        "2026-11-10T09:00:00.000Z", "2026-11-10T09:00:00+00:00", "2026-11-10T09:00:00-00:00",
        "2026-11-10T14:30:00+05:30", "2026-11-10T14:30:00+0530", "2026-11-10T14:00:00+05",
        "2026-11-10T01:00:00-08:00", "2026-11-11T00:00:00.0+15:00", "2026-11-10T08:59:60Z"}) {
    EXPECT_EQ(parse_timestamp(text), parse_timestamp("2026-11-10T09:00:00Z")) << text;
  }
}

TEST(Timestamp, FractionsOfAnyLengthAreCut) {
  const std::int64_t whole = *parse_timestamp("2026-11-10T09:00:00Z");
  EXPECT_EQ(parse_timestamp("2026-11-10T09:00:00.5Z"), whole + 500'000);
  EXPECT_EQ(parse_timestamp("2026-11-10T09:00:00.482Z"), whole + 482'000);
  EXPECT_EQ(parse_timestamp("2026-11-10T09:00:00.123456Z"), whole + 123'456);
  EXPECT_EQ(parse_timestamp("2026-11-10T09:00:00.1234569Z"), whole + 123'456);
  EXPECT_EQ(parse_timestamp("2026-11-10T09:00:00." + std::string(5000, '9') + "Z"),
            whole + 999'999);
}

TEST(Timestamp, WhatIsNoInstant) {
  for (const char* text : {"",
                           "2026-11-10",
                           "2026-11-10T09:00:00",
                           "2026-11-10T09:00:00.Z",
                           "2026-11-10T09Z",
                           "2026-11-10T24:00:00Z",
                           "2026-11-10T09:60:00Z",
                           "2026-11-10T09:00:61Z",
                           "2026-02-29T00:00:00Z",
                           "1900-02-29T00:00:00Z",
                           "2026-00-10T00:00:00Z",
                           "2026-13-10T00:00:00Z",
                           "2026-01-00T00:00:00Z",
                           "2026-04-31T00:00:00Z",
                           "0000-01-01T00:00:00Z",
                           "10000-01-01T00:00:00Z",
                           "-001-01-01T00:00:00Z",
                           "26-11-10T09:00:00Z",
                           "2026-11-10T09:00:00ZZ",
                           "2026-11-10T09:00:00Z ",
                           " 2026-11-10T09:00:00Z",
                           "2026-11-10T09:00:00+5:30",
                           "2026-11-10T09:00:00+05:3",
                           "2026-11-10T09:00:00+05:",
                           "2026-11-10T09:00:00+24:00",
                           "2026-11-10T09:00:00+05:60",
                           "2026-11-10T09:00:00+053",
                           "2026/11/10T09:00:00Z",
                           "2026-11-10x09:00:00Z",
                           "1792917000",
                           "2026-11-10T09:00:00,5Z",
                           "2026-11-10T0\xC2\xB2:00:00Z"}) {
    EXPECT_EQ(parse_timestamp(text), std::nullopt) << text;
  }
}

TEST(Timestamp, EveryDayOfFourHundredYears) {
  for (int year = 1800; year < 2200; ++year) {
    for (int month = 1; month <= 12; ++month) {
      for (int day = 1; day <= 31; ++day) {
        const bool exists =
            days_since_epoch(year, month, day) <
            (month == 12 ? days_since_epoch(year + 1, 1, 1) : days_since_epoch(year, month + 1, 1));
        const auto instant = parse_timestamp(format("%04d-%02d-%02dT00:00:00Z", year, month, day));
        ASSERT_EQ(instant.has_value(), exists) << year << ' ' << month << ' ' << day;
        if (exists) {
          ASSERT_EQ(instant, days_since_epoch(year, month, day) * 86'400 * kSecond);
        }
      }
    }
  }
}

TEST(Timestamp, RandomInstantsAgreeWithTheSecondImplementation) {
  auto generator = testing::make_generator();
  const auto below = [&generator](int bound) { return static_cast<int>(generator() % bound); };
  for (int round = 0; round < 100'000; ++round) {
    const int year = 1 + below(9999), month = 1 + below(12), day = 1 + below(28);
    const int hour = below(24), minute = below(60), second = below(60), micro = below(1'000'000);
    const int offset_hours = below(24), offset_minutes = below(60);
    const bool west = below(2) == 0;
    const std::string text =
        format("%04d-%02d-%02dT%02d:%02d:%02d.%06d%c%02d:%02d", year, month, day, hour, minute,
               second, micro, west ? '-' : '+', offset_hours, offset_minutes);
    const std::int64_t local =
        days_since_epoch(year, month, day) * 86'400 + hour * 3600 + minute * 60 + second;
    const std::int64_t east = (offset_hours * 3600 + offset_minutes * 60) * (west ? -1 : 1);
    ASSERT_EQ(parse_timestamp(text), (local - east) * kSecond + micro) << text;
  }
}

TEST(Timestamp, Milliseconds) {
  EXPECT_EQ(timestamp_from_milliseconds(0), 0);
  EXPECT_EQ(timestamp_from_milliseconds(1'792'917'000'123), 1'792'917'000'123'000);
  EXPECT_EQ(timestamp_from_milliseconds(253'402'300'799'999), 253'402'300'799'999'000);
  EXPECT_EQ(timestamp_from_milliseconds(253'402'300'800'000), std::nullopt);
  EXPECT_EQ(timestamp_from_milliseconds(-62'135'596'800'000), -62'135'596'800'000'000);
  EXPECT_EQ(timestamp_from_milliseconds(-62'135'596'800'001), std::nullopt);
  EXPECT_EQ(timestamp_from_milliseconds(INT64_MAX), std::nullopt);
  EXPECT_EQ(timestamp_from_milliseconds(INT64_MIN), std::nullopt);
}

}  // namespace
}  // namespace calytics::core
