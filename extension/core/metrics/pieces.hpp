// Which buckets a range of local hours is the sum of: whole months, whole days and hours. Of a
// begun month, and of a begun day, the shorter part is taken: what is over, or the whole less what
// is to come.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "core/time/local_time.hpp"

namespace calytics::core {

struct Piece {
  Unit grain = Unit::none;  // month, day or hour
  std::int64_t lo = 0;      // local, as is hi, which is not in it
  std::int64_t hi = 0;
  std::int64_t weight = 1;
};

inline constexpr std::size_t kMostPieces = 9;

// The range is [lo, hi), whole hours; sums are wanted by `unit`, so no piece is coarser than that.
std::size_t pieces_of(std::int64_t lo, std::int64_t hi, Unit unit,
                      std::array<Piece, kMostPieces>& pieces) noexcept;

}  // namespace calytics::core
