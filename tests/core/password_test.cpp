#include "core/access/password.hpp"

#include <string>

#include <gtest/gtest.h>

namespace calytics::core {
namespace {

constexpr PasswordSalt kSalt = {0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07,
                                0x08, 0x09, 0x0a, 0x0b, 0x0c, 0x0d, 0x0e, 0x0f};

// As Python's hashlib.scrypt(b"correct horse", salt=bytes(range(16)), n=2**14, r=8, p=1, dklen=32).
TEST(Password, HashIsScrypts) {
  const auto hash = hash_password("correct horse", kSalt);
  ASSERT_TRUE(hash);
  EXPECT_EQ(std::string_view(hash->data(), hash->size()),
            "$scrypt$ln=14,r=8,p=1$000102030405060708090a0b0c0d0e0f$"
            "25b376840366f4d3b0e21e414476676e3cd0e89af4430356a234ce0b65a021b5");
}

TEST(Password, MatchesItselfAlone) {
  const auto hash = hash_password("correct horse", kSalt);
  ASSERT_TRUE(hash);
  const std::string text(hash->data(), hash->size());
  EXPECT_TRUE(password_matches("correct horse", text));
  EXPECT_FALSE(password_matches("correct horsf", text));
  EXPECT_FALSE(password_matches("", text));
  std::string other = text;
  other.back() = other.back() == '0' ? '1' : '0';
  EXPECT_FALSE(password_matches("correct horse", other));
}

TEST(Password, MatchesNothingThatIsNoHash) {
  const std::string zeros = std::string(kPasswordScheme) + std::string(32, '0') + '$';
  for (const std::string& text : {std::string(), zeros + std::string(64, 'g')}) {
    EXPECT_FALSE(password_matches("correct horse", text)) << text;
  }
}

}  // namespace
}  // namespace calytics::core
