#include "core/access/token_bucket.hpp"

#include <algorithm>
#include <array>
#include <random>
#include <vector>

#include <gtest/gtest.h>

#include "core/access/bucket_set.hpp"

namespace calytics::core {
namespace {

constexpr std::int64_t kSecond = 1'000'000;

RateLimit limit(std::string_view text) {
  const auto parsed = RateLimit::parse(text);
  EXPECT_TRUE(parsed) << text;
  return parsed.value_or(RateLimit());
}

TEST(RateLimit, IsARateAndABurst) {
  EXPECT_EQ(limit("10/min").interval, 6 * kSecond);
  EXPECT_EQ(limit("10/min").burst, 10);
  EXPECT_EQ(limit(" 50/s burst 500 ").interval, 20'000);
  EXPECT_EQ(limit("50/s  burst  500").burst, 500);
  EXPECT_EQ(limit("50/s burst 500").window(), 10 * kSecond);
  EXPECT_EQ(limit("1/h burst 2").interval, 3600 * kSecond);
  EXPECT_EQ(limit("1000000/s").interval, 1);
  EXPECT_EQ(limit("off").interval, 0);
}

TEST(RateLimit, IsNothingElse) {
  for (const auto* text : {"", "10", "10/", "/s", "0/s", "-1/s", "1000001/s", "10/d", "10/s 5",
                           "10/s burst", "10/s burst 0", "10/s burst 5 more", "10 /s", "1.5/s",
                           "offf", "10/sburst 5", "10/s burst5"}) {
    EXPECT_FALSE(RateLimit::parse(text)) << text;
  }
}

TEST(TokenBucket, GivesABurstAndThenTheRate) {
  const auto three = limit("1/s burst 3");
  TokenBucket bucket;
  constexpr std::int64_t now = 5000 * kSecond;
  for (int i = 0; i < 3; ++i)
    EXPECT_EQ(bucket.take(three, now), 0);
  EXPECT_EQ(bucket.take(three, now), kSecond);
  EXPECT_EQ(bucket.take(three, now + kSecond / 4), kSecond * 3 / 4) << "asking costs nothing";
  EXPECT_EQ(bucket.take(three, now + kSecond), 0);
  EXPECT_EQ(bucket.take(three, now + kSecond), kSecond);
  const auto later = now + 1000 * kSecond;
  for (int i = 0; i < 3; ++i)
    EXPECT_EQ(bucket.take(three, later), 0) << "no more than the burst is saved up";
  EXPECT_GT(bucket.take(three, later), 0);
}

TEST(TokenBucket, HasNoLimitWhenOff) {
  TokenBucket bucket;
  for (int i = 0; i < 1000; ++i)
    EXPECT_EQ(bucket.take(limit("off"), i), 0);
}

TEST(TokenBucket, ForgivesAClockThatIsSetBack) {
  const auto three = limit("1/s burst 3");
  TokenBucket bucket;
  for (int i = 0; i < 5; ++i)
    bucket.take(three, 1'000'000 * kSecond);
  constexpr std::int64_t now = 10 * kSecond;
  EXPECT_EQ(bucket.take(three, now), kSecond) << "still empty, but no emptier";
  EXPECT_EQ(bucket.take(three, now + kSecond), 0);
  for (int i = 0; i < 3; ++i)
    EXPECT_EQ(bucket.take(three, now + 10 * kSecond), 0);
}

TEST(TokenBucket, TakesASmallerLimitUpAtOnce) {
  TokenBucket bucket;
  for (int i = 0; i < 1000; ++i)
    bucket.take(limit("1/s burst 1000"), 0);
  EXPECT_EQ(bucket.take(limit("1/s burst 2"), 0), kSecond);
  EXPECT_EQ(bucket.take(limit("1/s burst 2"), kSecond), 0);
}

// What was had in each stretch of time, counted one by one, is never more than the limit says; and
// nobody is refused who has had less.
TEST(TokenBucket, KeepsToTheLimitInEveryStretch) {
  const auto seed = std::random_device{}();
  SCOPED_TRACE(seed);
  std::mt19937 random(seed);
  for (int round = 0; round < 20; ++round) {
    const RateLimit some{.interval = 1 + static_cast<std::int64_t>(random() % 1000),
                         .burst = 1 + static_cast<std::int64_t>(random() % 10)};
    TokenBucket bucket;
    std::vector<std::int64_t> had;
    std::int64_t now = 0;
    const auto most = [&](std::int64_t from, std::int64_t to) {
      return some.burst + (to - from) / some.interval;
    };
    for (int i = 0; i < 300; ++i) {
      now += static_cast<std::int64_t>(random() % (2 * some.interval));
      const auto wait = bucket.take(some, now);
      if (wait == 0) had.push_back(now);
      bool full = false;
      for (std::size_t first = 0; first < had.size(); ++first) {
        const auto count = static_cast<std::int64_t>(had.size() - first);
        EXPECT_LE(count, most(had[first], had.back()));
        full = full || count + 1 > most(had[first], now);
      }
      if (wait > 0) {
        EXPECT_TRUE(full) << "refused without need";
        auto later = bucket;
        EXPECT_GT(later.take(some, now + wait - 1), 0);
        EXPECT_EQ(later.take(some, now + wait), 0) << "as it was promised";
      }
    }
  }
}

TEST(BucketSet, KeepsKeysApart) {
  const auto one = limit("1/s");
  BucketSet set;
  for (std::uint64_t key = 1; key <= BucketSet::kWays; ++key)
    EXPECT_EQ(set.take(key, one, 0), 0);
  for (std::uint64_t key = 1; key <= BucketSet::kWays; ++key)
    EXPECT_EQ(set.take(key, one, 0), kSecond);
}

TEST(BucketSet, RemembersWhoTakesMuchAmongMillions) {
  const auto five = limit("1/s burst 5");
  BucketSet set;
  constexpr std::uint64_t greedy = 7;
  int had = 0;
  for (std::uint64_t stranger = 1000; stranger < 1'001'000; ++stranger) {
    set.take(stranger, five, 0);
    if (set.take(greedy, five, 0) == 0) ++had;
  }
  EXPECT_EQ(had, 5);
}

}  // namespace
}  // namespace calytics::core
