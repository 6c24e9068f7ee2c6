// Names and addresses are found where they stand as wholes, and nowhere else.

#include "core/text/whole_text.hpp"

#include <random>
#include <string>

#include <gtest/gtest.h>

#include "core/text/text.hpp"

namespace calytics::core {
namespace {

std::string replaced(std::string text, std::string_view wanted) {
  replace_whole(text, wanted, "X");
  return text;
}

TEST(WholeText, WordsEndWhereNoLetterGoesOn) {
  EXPECT_EQ(replaced("Ann, ANN's annex; Joanne, éann, ann_1 (ann)", "ann"),
            "X, X's annex; Joanne, éann, X_1 (X)");
  EXPECT_EQ(replaced("annann ann", "ann"), "annann X");
  EXPECT_EQ(replaced("Ann Lee, Ann  Lee", "ann lee"), "X, Ann  Lee");
}

TEST(WholeText, AddressesEndWhereNoAddressGoesOn) {
  EXPECT_EQ(replaced("<A@b.co>, a@b.co.", "a@b.co"), "<X>, X.");
  for (const std::string_view longer :
       {"x.a@b.co", "x+a@b.co", "a@b.co.uk", "a@b.co-op", "a@b.com"})
    EXPECT_FALSE(contains_whole(longer, "a@b.co")) << longer;
}

TEST(WholeText, SignsAtItsEndsDelimitThemselves) {
  EXPECT_EQ(replaced("12+34 555 1", "+34 555 1"), "12X");
  EXPECT_EQ(replaced("+34 555 12", "+34 555 1"), "+34 555 12");
}

TEST(WholeText, NothingIsNowhere) {
  EXPECT_FALSE(contains_whole("ann", ""));
  EXPECT_EQ(replaced("ann", ""), "ann");
  EXPECT_FALSE(contains_whole("", "ann"));
}

// What isn't there changes nothing, and what is replaced by itself neither.
TEST(WholeText, ReplacesWhatItFinds) {
  const unsigned seed = std::random_device{}();
  SCOPED_TRACE(seed);
  std::mt19937 random(seed);
  const auto text_of = [&random](std::size_t most) {
    std::string text;
    for (std::size_t size = random() % most; text.size() < size;)
      text += "aAb@.- \xC3"[random() % 8];
    return text;
  };
  for (int i = 0; i < 20000; ++i) {
    const std::string text = text_of(20);
    const std::string wanted = text_of(4);
    std::string after = text;
    replace_whole(after, wanted, "#");
    EXPECT_EQ(after != text, contains_whole(text, wanted)) << text << " / " << wanted;
    std::string same = text;
    replace_whole(same, wanted, wanted);
    EXPECT_TRUE(equal_ignoring_case(same, text)) << text << " / " << wanted << " / " << same;
  }
}

}  // namespace
}  // namespace calytics::core
