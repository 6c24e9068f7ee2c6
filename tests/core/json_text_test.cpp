#include "core/text/json_text.hpp"

#include <string>

#include <gtest/gtest.h>

#include "core/text/json_document.hpp"
#include "core/text/text.hpp"
#include "support.hpp"

namespace calytics::core {
namespace {

std::string rewritten(const std::string& json,
                      JsonWriter::Secrets secrets = JsonWriter::Secrets::keep) {
  JsonDocument document;
  TextStore texts;
  JsonValue root;
  std::string out;
  if (document.open(json) || document.root(root)) return "unreadable";
  if (JsonWriter(out, texts, secrets).write(root)) return "broken";
  return out;
}

TEST(JsonText, CleanTextStaysAsItIs) {
  for (const char* json :
       {"{}", "[]", R"({"a":1,"b":[true,false,null],"c":{"d":"é🙏"}})", R"({"a":1,"a":2})",
        R"([0,-0.5,1e10,1.7976931348623157e308,12345678901234567890])", R"({"":""})",
        R"(["\"\\","{","[",","])"}) {
    EXPECT_EQ(rewritten(json), json);
  }
  EXPECT_EQ(rewritten(" { \"a\" : [ 1 , 2 ] } "), R"({"a":[1,2]})");
}

TEST(JsonText, EscapesAreWrittenOut) {
  EXPECT_EQ(rewritten(R"(["\u00e9\ud83d\ude4f\/\b\f\n\r\t\u001f\u007f"])"),
            "[\"é🙏/\\u0008\\u000c\\u000a\\u000d\\u0009\\u001f\x7f\"]");
  EXPECT_EQ(rewritten(R"({"\u0061\"":1})"), R"({"a\"":1})");
}

TEST(JsonText, WhatJsonbRefusesIsReplaced) {
  EXPECT_EQ(rewritten(R"(["a\u0000b"])"), "[\"a\uFFFDb\"]");
  EXPECT_EQ(rewritten(R"(["a\ud800b","\udc00","\ud800\ud800\udc00","\ud800"])"),
            "[\"a\uFFFDb\",\"\uFFFD\",\"\uFFFD\U00010000\",\"\uFFFD\"]");
  EXPECT_EQ(rewritten(R"({"\u0000":1})"), "{\"\uFFFD\":1}");
  EXPECT_EQ(rewritten("[\"\\q\\u12g4\\u00\"]"), "[\"\uFFFDq\uFFFDu12g4\uFFFDu00\"]");
  EXPECT_EQ(rewritten("[\"\xFF\"]"), "[\"\uFFFD\"]");
}

TEST(JsonText, NumbersOutOfRangeBecomeStrings) {
  EXPECT_EQ(rewritten("[1e309,-1e400,1e-400]"), R"(["1e309","-1e400","1e-400"])");
  EXPECT_EQ(rewritten("[0e-99999,0E99999,-0.0]"), "[0,0,0]");
  const std::string digits(400, '7');
  EXPECT_EQ(rewritten("[" + digits + "]"), "[\"" + digits + "\"]");
}

TEST(JsonText, WhatIsNoValueBecomesNull) {
  EXPECT_EQ(rewritten("[01,1.,.5,+1,1e,0x1,nan,tru,truee,-]"),
            "[null,null,null,null,null,null,null,null,null,null]");
}

TEST(JsonText, BrokenStructureIsAnError) {
  for (const char* json : {R"({"a" 1})", R"({"a":1,})", R"({1:2})", "[1 2]", R"({"a":1])"}) {
    EXPECT_EQ(rewritten(json), "broken") << json;
  }
}

TEST(JsonText, DepthIsBounded) {
  const auto nested = [](std::size_t depth) {
    return std::string(depth, '[') + std::string(depth, ']');
  };
  EXPECT_EQ(rewritten(nested(32)), nested(32));
  EXPECT_EQ(rewritten(nested(33)), std::string(32, '[') + "null" + std::string(32, ']'));
  EXPECT_EQ(rewritten(nested(100'000)), std::string(32, '[') + "null" + std::string(32, ']'));
}

TEST(JsonText, SizeIsBoundedByLeavingMembersOutWhole) {
  const std::string half(JsonWriter::kMaxBytes / 2, 'x');
  EXPECT_EQ(rewritten(R"({"a":")" + half + R"(","b":")" + half + R"(","c":1})"),
            R"({"a":")" + half + R"("})");
  EXPECT_EQ(rewritten(R"({"a":[1,")" + half + half + R"(",2],"b":3})"), R"({"a":[1]})");

  std::string many = "[";
  for (int i = 0; i < 100'000; ++i)
    many += std::to_string(i) + ",[],";
  const std::string cut = rewritten(many + "0]");
  EXPECT_LE(cut.size(), JsonWriter::kMaxBytes + 1);
  EXPECT_GT(cut.size(), JsonWriter::kMaxBytes - 10);
  EXPECT_EQ(rewritten(cut), cut);
}

TEST(JsonText, SecretsAreLeftOutAtAnyDepth) {
  const std::string json =
      R"({"videoCallPassword":"x","a":[{"API_KEY":1,"b":{"accessToken":{"c":1},"d":2}}],)"
      R"("clientSecret":null,"oneTime\u0050assword":"y"})";
  EXPECT_EQ(rewritten(json, JsonWriter::Secrets::omit), R"({"a":[{"b":{"d":2}}]})");
}

TEST(JsonText, RewritingIsIdempotent) {
  auto generator = testing::make_generator();
  constexpr std::string_view kPieces[] = {"{",    "}",           "[",           "]", ",",
                                          ":",    R"("a")",      R"("\u0000")", "1", "1e999",
                                          "null", R"("\ud83d")", "\"\xC3\"",    " "};
  int readable = 0;
  for (int round = 0; round < 200'000; ++round) {
    std::string json = "[";
    for (std::size_t n = generator() % 12; n > 0; --n)
      json += kPieces[generator() % 14];
    const std::string once = rewritten(json + "]");
    if (once == "unreadable" || once == "broken") continue;
    ASSERT_EQ(rewritten(once), once) << json;
    ASSERT_TRUE(is_valid_utf8(once));
    ++readable;
  }
  EXPECT_GT(readable, 1000);
}

}  // namespace
}  // namespace calytics::core
