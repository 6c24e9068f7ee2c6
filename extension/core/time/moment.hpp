// A point in time that can't be taken for a number.
#pragma once

#include <compare>
#include <cstdint>

#include "core/time/local_time.hpp"

namespace calytics::core {

// Microseconds since 1970-01-01T00:00:00Z, or kNoBegin, or kNoEnd.
struct Moment {
  std::int64_t at = 0;
  // NOLINTNEXTLINE(modernize-use-nullptr): clang-tidy takes the 0 that this implies for a pointer.
  auto operator<=>(const Moment&) const = default;
};

inline constexpr Moment kAlways{kNoBegin};  // before all that anybody told
inline constexpr Moment kSometime{kNoEnd};  // it happened, nobody told us when

}  // namespace calytics::core
