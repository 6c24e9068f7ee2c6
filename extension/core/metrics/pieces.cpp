#include "core/metrics/pieces.hpp"

#include <algorithm>

namespace calytics::core {

namespace {

// The first start of a day or month at or after a time, and the one after a start.
std::int64_t next_start(Unit unit, std::int64_t start) {
  return start_of(unit, start + (unit == Unit::day ? kDay : 32 * kDay), 1);
}
std::int64_t start_after(Unit unit, std::int64_t local) {
  const std::int64_t start = start_of(unit, local, 1);
  return start == local ? start : next_start(unit, start);
}

}  // namespace

std::size_t pieces_of(std::int64_t lo, std::int64_t hi, Unit unit,
                      std::array<Piece, kMostPieces>& pieces) noexcept {
  std::size_t size = 0;
  const auto put = [&](Unit grain, std::int64_t from, std::int64_t to, std::int64_t weight) {
    if (from < to) pieces[size++] = {grain, from, to, weight};
  };
  if (lo >= hi) return 0;
  if (unit == Unit::hour) {
    put(Unit::hour, lo, hi, 1);
    return size;
  }
  const std::int64_t first_day = std::min(start_after(Unit::day, lo), hi);
  const std::int64_t last_day = std::max(start_of(Unit::day, hi, 1), first_day);
  put(Unit::hour, lo, first_day, 1);
  if (hi - last_day > kDay / 2) {
    put(Unit::day, last_day, last_day + kDay, 1);
    put(Unit::hour, hi, last_day + kDay, -1);
  } else {
    put(Unit::hour, last_day, hi, 1);
  }
  if (unit == Unit::day || unit == Unit::week) {
    put(Unit::day, first_day, last_day, 1);
    return size;
  }
  const std::int64_t first_month = std::min(start_after(Unit::month, first_day), last_day);
  const std::int64_t last_month = std::max(start_of(Unit::month, last_day, 1), first_month);
  const std::int64_t next_month = next_start(Unit::month, last_month);
  put(Unit::day, first_day, first_month, 1);
  put(Unit::month, first_month, last_month, 1);
  if (last_day - last_month > next_month - last_day) {
    put(Unit::month, last_month, next_month, 1);
    put(Unit::day, last_day, next_month, -1);
  } else {
    put(Unit::day, last_month, last_day, 1);
  }
  return size;
}

}  // namespace calytics::core
