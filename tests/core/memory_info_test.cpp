// Laws: what /proc/meminfo tells is read wherever it stands in it; what isn't told in full is not
// guessed.

#include "core/access/memory_info.hpp"

#include <gtest/gtest.h>

namespace calytics::core {
namespace {

TEST(MemoryInfo, ReadsBothFromAmongOthers) {
  const auto info = parse_memory_info(
      "MemTotal:       24684092 kB\nMemFree:         1000000 kB\n"
      "MemAvailable:   22119286 kB\nBuffers:               0 kB\n");
  ASSERT_TRUE(info);
  EXPECT_EQ(info->total, 24684092LL * 1024);
  EXPECT_EQ(info->available, 22119286LL * 1024);
}

TEST(MemoryInfo, ReadsALastLineWithoutItsEnd) {
  const auto info = parse_memory_info("MemAvailable: 0 kB\nMemTotal: 1 kB");
  ASSERT_TRUE(info);
  EXPECT_EQ(info->total, 1024);
  EXPECT_EQ(info->available, 0);
}

TEST(MemoryInfo, GuessesNothing) {
  for (const std::string_view text :
       {"", "\n\n", "MemTotal: 1 kB\n", "MemAvailable: 1 kB\n", "MemTotal: 1 kB\nMemAvailable:\n",
        "MemTotal: 1 kB\nMemAvailable: many kB\n", "MemTotal: 1 kB\nMemAvailable: -1 kB\n",
        "MemTotal: 1 kB\nMemAvailable: 1 MB\n", "MemTotal: 1 kB\nMemAvailable: 1\n",
        "MemTotal: 1 kB\nMemAvailable: 9223372036854775807 kB\n",
        "MemTotal: 1 kB\nMemAvailable: 99999999999999999999 kB\n",
        "MemTotal: 1 kB\n MemAvailable: 1 kB\n"}) {
    EXPECT_FALSE(parse_memory_info(text)) << text;
  }
}

}  // namespace
}  // namespace calytics::core
