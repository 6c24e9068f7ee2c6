// What no body may do to the parser, however broken, long or deep it is.
#include <ctime>
#include <string>

#include <gtest/gtest.h>

#include "core/booking/webhook_parser.hpp"
#include "support.hpp"

namespace calytics::core {
namespace {

const Webhook& parse(std::string_view body) {
  static WebhookParser parser;
  return parser.parse(body, testing::kPersonKey);
}

// Of the processor: what else the machine does is no matter.
double seconds_to_parse(std::string_view body) {
  const std::clock_t start = std::clock();
  parse(body);
  return static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
}

std::string created_with(std::string_view member) {
  return R"({"triggerEvent":"BOOKING_CREATED","payload":{"uid":"u",)" + std::string(member) + "}}";
}

TEST(Robustness, NoPrefixOfADocumentIsABooking) {
  for (const std::string& name : testing::payload_names()) {
    const std::string body = testing::payload(name);
    for (std::size_t length = 0; length < body.size(); ++length) {
      // A copy of exactly that size, so that a sanitizer sees any byte read beyond it.
      const std::string prefix = body.substr(0, length);
      const Webhook& row = parse(prefix);
      ASSERT_EQ(row.kind, Kind::unreadable) << name << " cut at " << length;
      ASSERT_EQ(testing::broken_promise(row), "") << name << " cut at " << length;
      if (body.front() == '{') {
        ASSERT_EQ(row.envelope, Envelope::unreadable) << name << length;
      }
    }
  }
}

TEST(Robustness, FlippedBytesKeepEveryPromise) {
  auto generator = testing::make_generator();
  for (const std::string& name : testing::payload_names()) {
    const std::string body = testing::payload(name);
    for (int round = 0; round < 3000; ++round) {
      std::string flipped = body;
      for (std::size_t flips = 1 + generator() % 4; flips > 0; --flips) {
        flipped[generator() % flipped.size()] = static_cast<char>(generator());
      }
      ASSERT_EQ(testing::broken_promise(parse(flipped)), "") << name << '\n' << flipped;
    }
  }
}

TEST(Robustness, SplicedPayloadsKeepEveryPromise) {
  auto generator = testing::make_generator();
  const std::vector<std::string> names = testing::payload_names();
  for (int round = 0; round < 30'000; ++round) {
    const std::string a = testing::payload(names[generator() % names.size()]);
    const std::string b = testing::payload(names[generator() % names.size()]);
    const std::string spliced =
        a.substr(0, generator() % a.size()) + b.substr(generator() % b.size());
    ASSERT_EQ(testing::broken_promise(parse(spliced)), "") << spliced;
  }
}

TEST(Robustness, DeepNestingAnywhere) {
  constexpr std::size_t kDepth = 100'000;
  const std::string arrays = std::string(kDepth, '[') + std::string(kDepth, ']');
  std::string objects;
  for (std::size_t i = 0; i < kDepth; ++i)
    objects += R"({"a":)";
  objects += "1" + std::string(kDepth, '}');

  for (const std::string& deep : {arrays, objects}) {
    for (const char* member : {"unknown", "uid", "metadata", "responses", "attendees", "organizer",
                               "team", "title", "startTime", "recurringEvent"}) {
      const Webhook& row = parse(created_with('"' + std::string(member) + "\":" + deep));
      const bool is_uid = member == std::string_view("uid");
      EXPECT_EQ(row.kind, is_uid ? Kind::unreadable : Kind::booking) << member;
      EXPECT_EQ(testing::broken_promise(row), "") << member;
    }
  }
  EXPECT_EQ(parse(std::string(kDepth, '[')).envelope, Envelope::template_);
  EXPECT_EQ(parse(objects.substr(0, kDepth)).envelope, Envelope::unreadable);
  EXPECT_EQ(parse(created_with("\"metadata\":" + std::string(kDepth, '['))).envelope,
            Envelope::unreadable);
}

TEST(Robustness, LongBodiesTakeLinearTime) {
  constexpr std::size_t kSize = 5'000'000;
  const auto filled = [](std::string_view piece) {
    std::string text;
    while (text.size() < kSize)
      text += piece;
    return text;
  };
  const std::string bodies[] = {
      created_with(R"("title":")" + filled("é") + '"'),
      created_with(R"("title":")" + filled(R"(\u00e9\ud800)") + '"'),
      created_with(R"("uid":")" + filled(R"(\\)") + '"'),
      created_with('"' + filled("k") + R"(":1)"),
      created_with('"' + filled(R"(\n)") + R"(":1)"),
      created_with(R"("metadata":[)" + filled("1,[],{},") + "1]"),
      created_with(R"("metadata":{)" + filled(R"("k":"v",)") + R"("k":1})"),
      created_with(R"("metadata":{"k":[)" + filled(R"("\u0000",)") + "0]}"),
      created_with(R"("responses":{)" + filled(R"("k":{"value":["v"]},)") + R"("k":1})"),
      created_with(R"("attendees":[)" + filled(R"({"email":"a@b"},)") + "0]"),
      created_with(R"("startTime":"2026-01-01T00:00:00.)" + filled("1") + R"(Z")"),
      created_with(R"("price":)" + filled("1")),
      created_with(filled(R"("organizer":{"name":"x"},)") + R"("x":0)"),
      created_with(R"("title":")" + filled("\xFF") + '"'),
      "name=" + filled("%41&x="),
      filled("x"),
      filled(" "),
      filled("\xFF"),
      filled("{"),
      filled("\"") + "{",
  };
  for (const std::string& body : bodies) {
    EXPECT_LT(seconds_to_parse(body), 5) << body.substr(0, 80);
    EXPECT_EQ(testing::broken_promise(parse(body)), "") << body.substr(0, 80);
  }
  // Afterwards the parser is as good as new.
  EXPECT_EQ(parse(testing::payload("booking_paid.json")).kind, Kind::booking);
}

TEST(Robustness, ManyAttendeesAreCapped) {
  std::string list;
  for (int i = 0; i < 50'000; ++i)
    list += R"({"email":"p)" + std::to_string(i) + R"(@x"},)";
  const Webhook& row = parse(created_with(R"("attendees":[)" + list + "{}]"));
  EXPECT_EQ(row.kind, Kind::booking);
  ASSERT_EQ(row.attendees.size(), 1000U);
  EXPECT_EQ(row.attendees.back().email, "p999@x");
  EXPECT_EQ(row.attendees.back().position, 999U);
}

TEST(Robustness, EveryByteAsABody) {
  for (int byte = 0; byte < 256; ++byte) {
    for (std::size_t length = 1; length < 70; length += 23) {
      const Webhook& row = parse(std::string(length, static_cast<char>(byte)));
      EXPECT_EQ(row.kind, Kind::unreadable);
      EXPECT_EQ(testing::broken_promise(row), "") << byte;
    }
  }
}

}  // namespace
}  // namespace calytics::core
