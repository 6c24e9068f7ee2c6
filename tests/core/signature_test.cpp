#include "core/access/signature.hpp"

#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <simdjson.h>

#include "support.hpp"

namespace calytics::core {
namespace {

using testing::hex;

std::string upper(std::string text) {
  for (char& c : text)
    c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return text;
}

struct Vector {
  std::string key;
  std::string message;
  std::string mac;
};

// RFC 4231, cases 1 to 4, 6 and 7 (case 5 is of a truncated code).
std::vector<Vector> rfc4231() {
  std::string counting;
  for (char c = 1; c <= 25; ++c)
    counting += c;
  return {
      {std::string(20, '\x0b'), "Hi There",
       "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"},
      {"Jefe", "what do ya want for nothing?",
       "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
      {std::string(20, '\xaa'), std::string(50, '\xdd'),
       "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"},
      {counting, std::string(50, '\xcd'),
       "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b"},
      {std::string(131, '\xaa'), "Test Using Larger Than Block-Size Key - Hash Key First",
       "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"},
      {std::string(131, '\xaa'),
       "This is a test using a larger than block-size key and a larger than block-size data. The "
       "key needs to be hashed before being used by the HMAC algorithm.",
       "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2"},
  };
}

TEST(Sha256, KnownDigests) {
  EXPECT_EQ(hex(*sha256("")), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(hex(*sha256("abc")),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(HmacSha256, Rfc4231) {
  for (int repeat = 0; repeat < 3; ++repeat) {
    for (const Vector& vector : rfc4231()) {
      EXPECT_EQ(hex(*hmac_sha256(vector.key, vector.message)), vector.mac);
    }
  }
}

TEST(HmacSha256, EmptyKeyIsAKey) {
  EXPECT_EQ(hex(*hmac_sha256("", "")),
            "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
  ASSERT_TRUE(hmac_sha256("another", ""));
  EXPECT_EQ(hex(*hmac_sha256({}, {})),
            "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
}

TEST(HmacSha256, MoreKeysThanAreKept) {
  std::vector<Sha256Digest> first;
  first.reserve(100);
  for (int i = 0; i < 100; ++i)
    first.push_back(*hmac_sha256(std::to_string(i), "message"));
  for (int i = 99; i >= 0; --i)
    EXPECT_EQ(*hmac_sha256(std::to_string(i), "message"), first[i]);
  EXPECT_EQ(std::set(first.begin(), first.end()).size(), first.size());
}

TEST(VerifySignature, KnownVectorsInEverySpelling) {
  for (const Vector& vector : rfc4231()) {
    const auto verify = [&](const std::string& signature) {
      return verify_signature(vector.message, signature, vector.key);
    };
    EXPECT_TRUE(verify(vector.mac));
    EXPECT_TRUE(verify(upper(vector.mac)));
    EXPECT_TRUE(verify("sha256=" + vector.mac));
    EXPECT_TRUE(verify("SHA256=" + upper(vector.mac)));
    EXPECT_TRUE(verify("Sha256=" + vector.mac));
    for (const std::string& wrong :
         {" " + vector.mac, vector.mac + " ", vector.mac + "\n", "sha256= " + vector.mac,
          "sha1=" + vector.mac, "sha256=sha256=" + vector.mac, "0x" + vector.mac, vector.mac + "0",
          vector.mac.substr(1), vector.mac + vector.mac, std::string("sha256="),
          std::string("no-secret-provided"), std::string(), std::string(64, '0'),
          std::string(64, 'g'), std::string(64, '\0')}) {
      EXPECT_FALSE(verify(wrong)) << wrong;
    }
  }
}

TEST(VerifySignature, EmptySecretVerifiesNothing) {
  EXPECT_FALSE(verify_signature("", hex(*hmac_sha256("", "")), ""));
}

TEST(VerifySignature, EveryBitCounts) {
  const Vector vector = rfc4231().front();
  for (std::size_t i = 0; i < vector.message.size() * 8; ++i) {
    std::string message = vector.message;
    message[i / 8] = static_cast<char>(message[i / 8] ^ 1 << i % 8);
    EXPECT_FALSE(verify_signature(message, vector.mac, vector.key));
  }
  for (std::size_t i = 0; i < vector.mac.size(); ++i) {
    for (const char digit : std::string_view("0123456789abcdef")) {
      std::string mac = vector.mac;
      mac[i] = digit;
      EXPECT_EQ(verify_signature(vector.message, mac, vector.key), mac == vector.mac);
    }
  }
}

TEST(VerifySignature, ManifestOfPayloads) {
  simdjson::dom::parser parser;
  const std::string manifest = testing::payload("manifest.json");
  const simdjson::dom::element root = parser.parse(manifest);
  const std::string secret{std::string_view{root["secret"]}};
  std::size_t files = 0;
  for (const auto [name, entry] : simdjson::dom::object(root["files"])) {
    const std::string_view signature = entry["headers"]["X-Cal-Signature-256"];
    std::string body = testing::payload(name);
    EXPECT_EQ(body.size(), std::uint64_t(entry["bytes"]));
    EXPECT_TRUE(verify_signature(body, signature, secret)) << name;
    EXPECT_FALSE(verify_signature(body, signature, secret + "x")) << name;
    for (char& c : body) {
      c = static_cast<char>(c ^ 1);
      ASSERT_FALSE(verify_signature(body, signature, secret)) << name;
      c = static_cast<char>(c ^ 1);
    }
    ++files;
  }
  EXPECT_EQ(files, testing::payload_names().size());
}

}  // namespace
}  // namespace calytics::core
