// Token buckets: how often something may be done, and who has done it how often.
//
// A bucket is one number: when it will be full again. Whoever takes a token moves that on by the
// time a token takes to come back, and may not move it further ahead than the whole bucket takes to
// fill. So nothing has to be refilled, and a bucket that is not known is a full one.
//
// Guarantees: in any time t no more than burst + t / interval tokens are had; a clock that is set
// back locks nobody out for longer than a bucket takes to fill.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string_view>

namespace calytics::core {

struct RateLimit {
  std::int64_t interval = 0;  // microseconds for a token to come back; 0: there is no limit
  std::int64_t burst = 0;     // tokens in a full bucket

  // "10/min", "50/s burst 500" (s, min or h; without a burst that of the rate) or "off".
  static std::optional<RateLimit> parse(std::string_view text) noexcept;

  // Microseconds for an empty bucket to be full.
  std::int64_t window() const noexcept { return interval * burst; }
};

class TokenBucket {
 public:
  // Takes a token: 0, or the microseconds until there is one. `now` in microseconds of any clock.
  std::int64_t take(const RateLimit& limit, std::int64_t now) noexcept;

  std::int64_t full_at() const noexcept { return full_at_; }

 private:
  std::int64_t full_at_ = std::numeric_limits<std::int64_t>::min();
};

}  // namespace calytics::core
