// The buckets of a crowd in memory of a fixed size.
//
// A key has its place in one set of a few buckets. Where its set is full, the bucket that is
// fullest is given away: it knows least. So however many keys come by, those that take much are
// remembered, and one that was forgotten merely finds a full bucket again.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "core/access/token_bucket.hpp"

namespace calytics::core {

// Plain memory, which may be shared between processes; the caller sees to it that a set is used by
// one at a time.
class BucketSet {
 public:
  static constexpr std::size_t kWays = 8;

  std::int64_t take(std::uint64_t key, const RateLimit& limit, std::int64_t now) noexcept;

 private:
  struct Entry {
    std::uint64_t key = 0;
    TokenBucket bucket;
  };

  std::array<Entry, kWays> entries_;
};

}  // namespace calytics::core
