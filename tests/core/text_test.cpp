#include "core/text/text.hpp"

#include <gtest/gtest.h>

#include "support.hpp"

namespace calytics::core {
namespace {

using namespace std::string_literals;

std::string repaired(std::string_view text) {
  std::string out;
  append_repaired(out, text);
  return out;
}

// How simple a decoder can be: for each start, which of all encodings of code points stands there?
std::string encode(char32_t code) {
  std::string out;
  const auto add = [&out](char32_t byte) { out += static_cast<char>(byte); };
  if (code < 0x80) {
    add(code);
  } else if (code < 0x800) {
    add(0xC0 + code / 64), add(0x80 + code % 64);
  } else if (code < 0x10000) {
    add(0xE0 + code / 4096), add(0x80 + code / 64 % 64), add(0x80 + code % 64);
  } else {
    add(0xF0 + code / 262144), add(0x80 + code / 4096 % 64), add(0x80 + code / 64 % 64);
    add(0x80 + code % 64);
  }
  return out;
}

TEST(Repair, KeepsEveryCharacterButNulAndSurrogates) {
  for (char32_t code = 1; code <= 0x10FFFF; ++code) {
    const bool surrogate = code >= 0xD800 && code < 0xE000;
    const std::string text = encode(code);
    if (surrogate) {
      // A three-byte form whose second byte is out of range: each byte is ill-formed by itself.
      ASSERT_EQ(repaired(text), "\uFFFD\uFFFD\uFFFD") << std::hex << static_cast<unsigned>(code);
    } else {
      ASSERT_EQ(repaired(text), text) << std::hex << static_cast<unsigned>(code);
    }
  }
}

TEST(Repair, ReplacesMaximalIllFormedParts) {
  EXPECT_EQ(repaired("a\0b"s), "a\uFFFDb");
  EXPECT_EQ(repaired("\x80"), "\uFFFD");
  EXPECT_EQ(repaired("\xC0\xAF"), "\uFFFD\uFFFD");                      // overlong
  EXPECT_EQ(repaired("\xE2\x82"), "\uFFFD");                            // cut off
  EXPECT_EQ(repaired("\xE2\x82x"), "\uFFFDx");                          // cut off by a letter
  EXPECT_EQ(repaired("\xF0\x9F\x99"), "\uFFFD");                        // cut off
  EXPECT_EQ(repaired("\xF4\x90\x80\x80"), "\uFFFD\uFFFD\uFFFD\uFFFD");  // beyond U+10FFFF
  EXPECT_EQ(repaired("\xFF\xFE"), "\uFFFD\uFFFD");
  // The Unicode standard's own example (table 3-8).
  EXPECT_EQ(repaired("a\xF1\x80\x80\xE1\x80\xC2"
                     "b\x80"
                     "c\x80\xBF"
                     "d"),
            "a\uFFFD\uFFFD\uFFFDb\uFFFDc\uFFFD\uFFFDd");
}

TEST(Repair, AnyBytesBecomeValidAndStaySo) {
  auto generator = testing::make_generator();
  for (int round = 0; round < 20'000; ++round) {
    std::string text(generator() % 12, '\0');
    for (char& c : text)
      c = static_cast<char>(generator());
    const std::string once = repaired(text);
    ASSERT_TRUE(is_valid_utf8(once));
    ASSERT_EQ(once.find('\0'), std::string::npos);
    ASSERT_EQ(repaired(once), once);
    if (is_valid_utf8(text) && text.find('\0') == std::string::npos) {
      ASSERT_EQ(once, text);
    }
  }
}

TEST(Truncate, NeverCutsACharacter) {
  const std::string text = "aé€🙏z";
  for (std::size_t limit = 0; limit <= text.size() + 2; ++limit) {
    const std::string_view cut = truncate_utf8(text, limit);
    EXPECT_TRUE(text.starts_with(cut));
    EXPECT_TRUE(is_valid_utf8(cut));
    EXPECT_LE(cut.size(), limit);
    EXPECT_GT(cut.size() + 4, std::min(limit, text.size()));
  }
  EXPECT_EQ(truncate_utf8(text, 5), "aé");
  EXPECT_EQ(truncate_utf8(text, 6), "aé€");
}

TEST(Ascii, TrimsAndCompares) {
  EXPECT_EQ(trim_ascii(" \t\r\n a b \v\f"), "a b");
  EXPECT_EQ(trim_ascii(" \n"), "");
  EXPECT_EQ(trim_ascii(""), "");
  EXPECT_TRUE(equal_ignoring_case("Zoë@Example.COM", "zoë@example.com"));
  EXPECT_FALSE(equal_ignoring_case("ZOË", "zoë"));  // only ASCII has a case here
  EXPECT_FALSE(equal_ignoring_case("a", "ab"));
  EXPECT_FALSE(equal_ignoring_case("@", "`"));
}

}  // namespace
}  // namespace calytics::core
