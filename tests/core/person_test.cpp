#include "core/privacy/person.hpp"

#include <algorithm>
#include <span>
#include <string>

#include <gtest/gtest.h>

#include "core/access/signature.hpp"

namespace calytics::core {
namespace {

TEST(PersonId, IsTheFirstHalfOfTheMac) {
  const PersonId id = *person_id("taro.yamada@example.com", "key");
  const Sha256Digest mac = *hmac_sha256("key", "taro.yamada@example.com");
  EXPECT_TRUE(std::ranges::equal(id, std::span(mac).first(16)));
}

TEST(PersonId, IgnoresCaseAndSpaceAround) {
  const auto id = person_id("zoe@example.com", "key");
  EXPECT_EQ(person_id("Zoe@Example.COM", "key"), id);
  EXPECT_EQ(person_id(" \tzoe@example.com\r\n", "key"), id);
}

TEST(PersonId, TellsPeopleAndKeysApart) {
  const auto id = person_id("zoe@example.com", "key");
  EXPECT_NE(person_id("zoe@example.org", "key"), id);
  EXPECT_NE(person_id("z oe@example.com", "key"), id);
  EXPECT_NE(person_id("zoe@example.com", "another key"), id);
  EXPECT_NE(person_id("ZOË@example.com", "key"), person_id("zoë@example.com", "key"));
}

TEST(PersonId, TakesAnyLength) {
  EXPECT_TRUE(person_id("", ""));
  EXPECT_TRUE(person_id(std::string(1'000'000, 'x'), "key"));
}

}  // namespace
}  // namespace calytics::core
