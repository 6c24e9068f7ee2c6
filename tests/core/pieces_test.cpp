// The buckets of a range add up to the range: every hour in it once, every other one not at all.

#include "core/metrics/pieces.hpp"

#include <random>
#include <vector>

#include <gtest/gtest.h>

namespace {

using namespace calytics::core;

constexpr std::int64_t kStart = 9497LL * kDay;  // 2026-01-01
constexpr int kHours = 24 * 800;

std::int64_t end_of(Unit grain, std::int64_t start) {
  return grain == Unit::hour  ? start + kHour
         : grain == Unit::day ? start + kDay
                              : start_of(Unit::month, start + 32 * kDay, 1);
}

void check(int first, int last, Unit unit) {
  std::vector<std::int64_t> times(kHours + 2 * 31 * 24);
  std::array<Piece, kMostPieces> pieces;
  const std::size_t size = pieces_of(kStart + first * kHour, kStart + last * kHour, unit, pieces);
  std::size_t rows = 0;
  for (std::size_t i = 0; i < size; ++i) {
    for (std::int64_t at = pieces[i].lo; at < pieces[i].hi; at = end_of(pieces[i].grain, at)) {
      ++rows;
      ASSERT_EQ(start_of(pieces[i].grain, at, 1), at);
      for (std::int64_t hour = at; hour < end_of(pieces[i].grain, at); hour += kHour)
        times[static_cast<std::size_t>((hour - kStart) / kHour)] += pieces[i].weight;
    }
  }
  for (int hour = 0; hour < kHours; ++hour)
    ASSERT_EQ(times[static_cast<std::size_t>(hour)], hour >= first && hour < last ? 1 : 0) << hour;
  if (unit == Unit::none || unit == Unit::month) {
    ASSERT_LE(rows, 27U + 2 * 16 + 2 * 24);
  }
}

TEST(Pieces, AddUpToTheRange) {
  std::mt19937 random(7);
  const auto below = [&](int limit) {
    return static_cast<int>(random() % static_cast<unsigned>(limit));
  };
  for (int i = 0; i < 3000; ++i) {
    const int first = below(kHours);
    const int most = std::array{3, 30, 24 * 40, kHours}[static_cast<std::size_t>(below(4))];
    const int last = std::min(kHours, first + below(most));
    for (const Unit unit : {Unit::none, Unit::month, Unit::quarter, Unit::year})
      check(first, last, unit);
  }
}

TEST(Pieces, AreNoCoarserThanTheUnit) {
  for (const Unit unit : {Unit::hour, Unit::day, Unit::week}) {
    std::array<Piece, kMostPieces> pieces;
    const std::size_t size = pieces_of(kStart + 5 * kHour, kStart + 2000 * kHour, unit, pieces);
    for (std::size_t i = 0; i < size; ++i) {
      EXPECT_NE(pieces[i].grain, Unit::month);
      EXPECT_TRUE(unit != Unit::hour || pieces[i].grain == Unit::hour);
    }
  }
}

TEST(Pieces, OfAnEmptyRangeAreNone) {
  std::array<Piece, kMostPieces> pieces;
  EXPECT_EQ(pieces_of(kStart, kStart, Unit::none, pieces), 0U);
  EXPECT_EQ(pieces_of(kStart + kHour, kStart, Unit::none, pieces), 0U);
}

}  // namespace
