// Keys of ids: a UUID's is the UUID, any other id's the beginning of what `sha256sum` prints of it.

#include "core/tracking/event_key.hpp"

#include <string>

#include <gtest/gtest.h>

#include "core/privacy/keyed_hash.hpp"

namespace {

using calytics::core::event_key;

std::string key_of(std::string_view id) {
  const auto key = event_key(id);
  return key ? calytics::core::to_hex(*key) : "none";
}

TEST(EventKey, OfAUuidIsTheUuid) {
  EXPECT_EQ(key_of("0f3a1b2c-4d5e-4f60-8a9b-cdef01234567"), "0f3a1b2c4d5e4f608a9bcdef01234567");
}

TEST(EventKey, OfAnythingElseIsADigest) {
  EXPECT_EQ(key_of("abc"), "ba7816bf8f01cfea414140de5dae2223");
  EXPECT_EQ(key_of(""), "e3b0c44298fc1c149afbf4c8996fb924");
}

TEST(EventKey, OfWhatLooksAlikeIsAnother) {
  const std::string uuid = "0f3a1b2c-4d5e-4f60-8a9b-cdef01234567";
  const std::string own = key_of(uuid);
  for (std::size_t i = 0; i < uuid.size(); ++i) {
    std::string other = uuid;
    other[i] = other[i] == '-' ? '0' : other[i] == 'a' ? 'A' : '-';
    EXPECT_NE(key_of(other), own) << other;
    EXPECT_NE(key_of(other).substr(0, 8), own.substr(0, 8)) << other;
  }
  EXPECT_NE(key_of("0f3a1b2c4d5e4f608a9bcdef01234567"), own);
}

}  // namespace
