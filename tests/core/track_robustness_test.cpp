// What no tracking request may do to the parser, however broken, long or deep it is.
#include <ctime>
#include <regex>
#include <string>

#include <gtest/gtest.h>

#include "core/text/percent.hpp"
#include "core/tracking/track_parser.hpp"
#include "support.hpp"
#include "track_support.hpp"

namespace calytics::core {
namespace {

const TrackBatch& parse(std::string_view body) {
  static TrackParser parser;
  return parser.parse(body, testing::track_context(), testing::track_options());
}

std::string broken(std::string_view body) {
  return testing::broken_promise(parse(body), testing::track_options());
}

const std::string kBatch =
    R"({"events":[{"sessionId":"s\u00e9","eventType":"PAGE_VIEW","serviceId":"x","bookingId":5,)"
    R"("properties":{"a":[1,2.5,"b@c.de",{"d":null}],"utm_source":"x"},"duration":1e3,)"
    R"("timestamp":"2026-05-01T00:00:00Z","url":"https://a.b/c?d=e%40f.gh#i","variant":"v"},)"
    R"({"sessionId":"t","eventType":"X","timestamp":1779000000000,"referrer":"//r.s/?t=u"},7],)"
    R"("context":{"ipAddress":"2001:db8::1","userAgent":"Mozilla/5.0","userId":"u"}})";

TEST(TrackRobustness, NoPrefixIsABatch) {
  for (std::size_t length = 0; length < kBatch.size(); ++length) {
    const std::string prefix = kBatch.substr(0, length);
    EXPECT_EQ(parse(prefix).status, TrackStatus::malformed) << prefix;
    EXPECT_EQ(broken(prefix), "") << prefix;
  }
  EXPECT_EQ(parse(kBatch).events.size(), 2U);
}

TEST(TrackRobustness, FlippedAndSplicedBytesKeepEveryPromise) {
  auto generator = testing::make_generator();
  for (int round = 0; round < 30'000; ++round) {
    std::string body = kBatch;
    for (std::size_t flips = 1 + generator() % 4; flips > 0; --flips)
      body[generator() % body.size()] = static_cast<char>(generator());
    ASSERT_EQ(broken(body), "") << body;
    body =
        kBatch.substr(0, generator() % kBatch.size()) + kBatch.substr(generator() % kBatch.size());
    ASSERT_EQ(broken(body), "") << body;
  }
}

TEST(TrackRobustness, DeepNestingAnywhere) {
  constexpr std::size_t kDepth = 100'000;
  const std::string arrays = std::string(kDepth, '[') + std::string(kDepth, ']');
  std::string objects;
  for (std::size_t i = 0; i < kDepth; ++i)
    objects += R"({"a":)";
  objects += "1" + std::string(kDepth, '}');
  for (const std::string& deep : {arrays, objects}) {
    for (const std::string member :
         {"unknown", "properties", "sessionId", "context", "url", "timestamp", "bookingId"}) {
      EXPECT_EQ(broken(R"([{"eventType":"X","sessionId":"s",")" + member + "\":" + deep + "}]"),
                "");
    }
    EXPECT_EQ(broken(deep), "");
    EXPECT_EQ(broken(R"({"events":[],"context":)" + deep + "}"), "");
    EXPECT_EQ(parse(R"([{"eventType":"X","sessionId":"s","unknown":)" + deep + "}]").events.size(),
              1U);
  }
  EXPECT_EQ(parse(std::string(kDepth, '[')).status, TrackStatus::malformed);
}

TEST(TrackRobustness, LongBodiesTakeLinearTime) {
  constexpr std::size_t kSize = 5'000'000;
  const auto filled = [](std::string_view piece) {
    std::string text;
    while (text.size() < kSize)
      text += piece;
    return text;
  };
  const auto with = [](std::string_view member) {
    return R"([{"eventType":"X","sessionId":"s",)" + std::string(member) + "}]";
  };
  const std::string bodies[] = {
      with(R"("url":")" + filled("a@b.co ") + '"'),
      with(R"("url":")" + filled(R"(\u00e9)") + '"'),
      with(R"("sessionId":")" + filled("1") + '"'),
      with(R"("userId":")" + filled(R"(\\)") + '"'),
      with(R"("timestamp":)" + filled("1")),
      with(R"("duration":)" + filled("1")),
      with(R"("properties":{"a":")" + filled("1 ") + "\"}"),
      with(R"("properties":{")" + filled("k@") + "\":1}"),
      with(R"("properties":{)" + filled(R"("k":"v",)") + R"("k":1})"),
      with(R"("properties":{"a":[)" + filled("1,") + "1]}"),
      with(R"("properties":{"a":)" + filled("1") + "}"),
      with(filled(R"("properties":{"a":"b@c.de"},)") + R"("x":0)"),
      with(filled(R"("context":{"url":"a@b.cd"},)") + R"("x":0)"),
      "[" + filled("{},") + "1]",
      "[" + filled(R"({"sessionId":"s","eventType":"X"},)") + "1]",
      filled("["),
      filled("{\"a\":"),
      filled("x"),
      filled(" "),
      filled("\xFF"),
  };
  for (const std::string& body : bodies) {
    const std::clock_t start = std::clock();
    EXPECT_EQ(broken(body), "") << body.substr(0, 80);
    EXPECT_LT(std::clock() - start, 5 * CLOCKS_PER_SEC) << body.substr(0, 80);
  }
  EXPECT_EQ(parse(kBatch).events.size(), 2U);
}

TEST(TrackRobustness, EveryByteAsABody) {
  for (int byte = 0; byte < 256; ++byte) {
    for (std::size_t length = 1; length < 70; length += 23)
      EXPECT_EQ(broken(std::string(length, static_cast<char>(byte))), "") << byte;
  }
}

TEST(TrackRobustness, NoEmailAddressSurvivesAnywhere) {
  static const std::regex kEmail(R"([A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\.[A-Za-z]{2,})");
  auto generator = testing::make_generator();
  const auto random = [&](std::string_view alphabet, std::size_t most) {
    std::string text(generator() % (most + 1), ' ');
    for (char& c : text)
      c = alphabet[generator() % alphabet.size()];
    return text;
  };
  for (int round = 0; round < 5'000; ++round) {
    const auto noise = [&] { return random("ab0.:/?&=;%+-_ ,", 10); };
    const auto email = [&] {
      std::string text = "x" + random("abz09._+-", 6) + "@y" + random("ab-9", 5) + ".com";
      if (generator() % 2 == 0)
        text.replace(text.find('@'), 1, generator() % 2 == 0 ? "%40" : "\\u0040");
      return noise() + text + noise();
    };
    const std::string body = R"({"sessionId":")" + email() + R"(","eventType":"X","eventId":")" +
                             email() + R"(","serviceId":")" + email() + R"(","url":")" + email() +
                             R"(","referrer":"https://)" + email() + R"(","variant":")" + email() +
                             R"(","userId":")" + email() + R"(","properties":{")" + email() +
                             R"(":{"a":[")" + email() + R"("]},"utm_source":")" + email() +
                             R"(","experiment":"https://h/)" + email() + "\"}}";
    const TrackBatch& batch = parse(body);
    ASSERT_EQ(batch.events.size(), 1U) << body;
    const std::string texts = testing::all_texts(batch.events[0]);
    EXPECT_FALSE(std::regex_search(texts, kEmail)) << body << '\n' << texts;
    const std::string decoded = percent_decode_fully(texts).value_or(texts);
    EXPECT_FALSE(std::regex_search(decoded, kEmail)) << body << '\n' << texts;
  }
}

}  // namespace
}  // namespace calytics::core
