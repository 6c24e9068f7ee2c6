// Instants, as a timestamptz has them: microseconds since 2000-01-01T00:00:00Z, or none.
#pragma once

#include <cstdint>
#include <limits>

namespace calytics::core {

using Instant = std::int64_t;
inline constexpr Instant kUnknown = std::numeric_limits<Instant>::min();  // NULL

constexpr bool known(Instant at) noexcept {
  return at != kUnknown;
}

}  // namespace calytics::core
