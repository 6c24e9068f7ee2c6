#include "core/text/form_body.hpp"

#include <gtest/gtest.h>

#include "support.hpp"

namespace calytics::core {
namespace {

TEST(FormBody, IsToldByItsFirstName) {
  EXPECT_TRUE(looks_like_form("event=BOOKING_CREATED&uid=x"));
  EXPECT_TRUE(looks_like_form("attendees[0].name="));
  EXPECT_FALSE(looks_like_form("A new booking, total = 5"));
  EXPECT_FALSE(looks_like_form("=x"));
  EXPECT_FALSE(looks_like_form("false"));
  EXPECT_FALSE(looks_like_form(""));
}

TEST(FormBody, ValuesMayBeEncodedOrNot) {
  const auto name = [](std::string_view body) { return form_value(body, "name").value_or("-"); };
  EXPECT_EQ(name("name=山田 太郎&start=x"), "山田 太郎");
  EXPECT_EQ(name("name=%E5%B1%B1%E7%94%B0%20%e5%a4%aa%e9%83%8e"), "山田 太郎");
  EXPECT_EQ(name("name=a+b"), "a+b");
  EXPECT_EQ(name("name=100%"), "100%");
  EXPECT_EQ(name("name=100%2"), "100%2");
  EXPECT_EQ(name("name=%zz%-1%+1"), "%zz%-1%+1");
  EXPECT_EQ(name("name=O&#x27;Brien &amp; Co"), "O");  // '&' separates, whatever it was meant for
  EXPECT_EQ(name("name=a=b"), "a=b");
  EXPECT_EQ(name("name=%00%FF"), "\uFFFD\uFFFD");
}

TEST(FormBody, TheLastOfEqualNamesCounts) {
  EXPECT_EQ(form_value("uid=a&uid=b", "uid"), "b");
  EXPECT_EQ(form_value("uid=a&uid=", "uid"), std::nullopt);
  EXPECT_EQ(form_value("xuid=a&uidx=b&uid", "uid"), std::nullopt);
  EXPECT_EQ(form_value("&&uid=a&&", "uid"), "a");
  EXPECT_EQ(form_value("", "uid"), std::nullopt);
}

}  // namespace
}  // namespace calytics::core
