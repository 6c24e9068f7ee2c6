// What is packed comes back byte for byte; Cal.com's webhooks come out at less than half; what
// isn't a packed body harms nobody.

#include "core/booking/body_codec.hpp"

#include <optional>
#include <random>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "core/access/signature.hpp"
#include "core/booking/body_dictionary.hpp"
#include "support.hpp"

namespace calytics::core {
namespace {

using testing::hex;
using testing::make_generator;
using testing::payload;
using testing::payload_names;
using Generator = std::mt19937_64;

std::string packed(std::string_view body) {
  std::string out(packed_bound(body.size()), '#');
  out.resize(pack_body(body, out.data()));
  return out;
}

std::optional<std::string> unpacked(std::string_view value) {
  const auto size = unpacked_size(value);
  if (!size) return std::nullopt;
  std::string out(*size, '#');
  if (!unpack_body(value, out.data())) return std::nullopt;
  return out;
}

std::string noise(Generator& random, std::size_t size) {
  std::string bytes(size, '\0');
  for (char& byte : bytes)
    byte = static_cast<char>(random());
  return bytes;
}

TEST(BodyCodec, WhatIsPackedComesBack) {
  for (const std::string& name : payload_names()) {
    const std::string body = payload(name);
    const std::string value = packed(body);
    EXPECT_LE(value.size(), packed_bound(body.size())) << name;
    EXPECT_EQ(unpacked_size(value), body.size()) << name;
    EXPECT_EQ(unpacked(value), body) << name;
  }
}

TEST(BodyCodec, AWebhookTakesLessThanHalf) {
  for (const std::string name :
       {"booking_created_utm_unicode.json", "booking_rescheduled_round_robin.json",
        "booking_payment_initiated.json", "booking_created_seat_added.json", "booking_paid.json",
        "meeting_ended_flat.json"}) {
    const std::string body = payload(name);
    EXPECT_LT(2 * packed(body).size(), body.size()) << name;
  }
}

TEST(BodyCodec, AnyBytesComeBackAndTakeOneByteMore) {
  Generator random = make_generator();
  for (std::size_t size = 0; size < 300; ++size) {
    const std::string body = noise(random, size);
    EXPECT_LE(packed(body).size(), size + 1);
    EXPECT_EQ(unpacked(packed(body)), body);
  }
  for (const std::size_t size : {std::size_t{65'535}, std::size_t{65'536}, std::size_t{1} << 20U}) {
    const std::string same(size, 'a');
    EXPECT_EQ(unpacked(packed(same)), same);
    EXPECT_LT(packed(same).size(), size / 100);
    const std::string body = noise(random, size);
    EXPECT_EQ(unpacked(packed(body)), body);
  }
}

TEST(BodyCodec, ItDependsOnTheBodyAlone) {
  const std::string body = payload("booking_paid.json");
  const std::string value = packed(body);
  packed(payload("meeting_ended_flat.json"));
  EXPECT_EQ(packed(body), value);
}

// Values that are in archives already: were they read otherwise, bodies would be lost.
TEST(BodyCodec, WhatWasPackedOnceIsReadForEver) {
  EXPECT_EQ(unpacked(std::string("\0{}", 3)), "{}");
  EXPECT_EQ(unpacked(std::string()), std::nullopt);
  EXPECT_EQ(kBodyDictionary.size(), 5068U);
  const auto digest = sha256(kBodyDictionary);
  ASSERT_TRUE(digest);
  EXPECT_EQ(hex(*digest), "4faff5bc7f913546b58faef63f44afff39dbbc278a828d27a64310b2652b5006");
}

TEST(BodyCodec, WhatIsNoneIsRefused) {
  Generator random = make_generator();
  const std::string value = packed(payload("booking_paid.json"));
  EXPECT_EQ(unpacked("\2abc"), std::nullopt);
  for (std::size_t size = 1; size < value.size(); ++size)
    EXPECT_EQ(unpacked(value.substr(0, size)), std::nullopt) << size;
  for (int i = 0; i < 20'000; ++i) {
    std::string broken = value;
    for (int change = 0; change <= i % 4; ++change)
      broken[random() % broken.size()] = static_cast<char>(random());
    unpacked(broken);
  }
  for (int i = 0; i < 2'000; ++i)
    unpacked("\1" + noise(random, random() % 100));
}

}  // namespace
}  // namespace calytics::core
