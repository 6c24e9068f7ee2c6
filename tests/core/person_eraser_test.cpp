// A person is taken out of a body, and nothing else is: what is left is the same, byte for byte.

#include "core/privacy/person_eraser.hpp"

#include <array>
#include <random>
#include <string>

#include <gtest/gtest.h>

#include "core/booking/webhook_parser.hpp"
#include "support.hpp"

namespace calytics::core {
namespace {

constexpr std::string_view kAda = "ada@example.com";
constexpr std::string_view kStandIn = "erased-1@erased.invalid";
constexpr auto kNames = std::to_array<std::string_view>({"Ada Example", "Ann", "+34 555 1"});

std::string erased(std::string_view body, bool booked = true) {
  return erase_person(body, {kAda, kStandIn, kNames, booked}).value_or("nothing");
}

TEST(PersonEraser, NamesWholeAddressesOnly) {
  for (const std::string_view body :
       {"ada@example.com", "<ADA@Example.com>", R"({"a":"\nada@example.com"})",
        "x ada@example.com.", R"({"a":"ada\u0040example.com"})", "e=ada%40example.com&x",
        R"({"ada@example.com":1})"}) {
    EXPECT_TRUE(names_person(body, " Ada@example.COM ")) << body;
  }
  for (const std::string_view body : {"nada@example.com", "x.ada@example.com", "ada@example.com.mx",
                                      "ada@example.co", "ada@example.com-pany", ""}) {
    EXPECT_FALSE(names_person(body, kAda)) << body;
  }
  EXPECT_FALSE(names_person("anything", "  "));
  EXPECT_TRUE(names_person(R"({"phoneNumber":"+34555"})", "+34555"));
  EXPECT_FALSE(names_person(R"({"phoneNumber":"+345551"})", "+34555"));
}

TEST(PersonEraser, OfTheBookerAllGoesThatIsTheirs) {
  EXPECT_EQ(
      erased(
          R"({ "triggerEvent":"BOOKING_CREATED", "payload" : {"uid":"u","title":"Ada Example and Zoe",)"
          R"("eventTitle":"Ada Example","price":12.50,"metadata":{"a":[1,"]"]},"type":"Ann",)"
          R"("attendees":[{"name":"Ada","timeZone":"UTC","phoneNumber":"1","email":"Ada@Example.com"},)"
          R"({"email":"bob@example.com","name":"Bob of Ann"}],"cancelledBy":"ADA@example.com",)"
          R"("responses":{"name":"Ada","n":{"label":"Notes","value":{"x":["}"]},"isHidden":false}},)"
          R"("organizer":{"name":"Ann","email":"zoe@example.com"},"additionalNotes":"\ud800"}} )"),
      R"({ "triggerEvent":"BOOKING_CREATED", "payload" : {"uid":"u","title":null,)"
      R"("eventTitle":"Ada Example","price":12.50,"metadata":null,"type":"Ann",)"
      R"("attendees":[{"name":null,"timeZone":"UTC","phoneNumber":null,"email":"erased-1@erased.invalid"},)"
      R"({"email":"bob@example.com","name":"Bob of Ann"}],"cancelledBy":"erased-1@erased.invalid",)"
      R"("responses":{"name":null,"n":{"label":"Notes","value":null,"isHidden":false}},)"
      R"("organizer":{"name":"Ann","email":"zoe@example.com"},"additionalNotes":null}} )");
}

TEST(PersonEraser, OfAnothersBookingOnlyTheNameGoes) {
  EXPECT_EQ(
      erased(
          R"({"title":"Bob, Ada Example, Annette","type":"Ann","location":"ann's, +34 555 1",)"
          R"("responses":{"guests":{"value":["bob@example.com","ada@example.com"]},"n":{"value":"ask Ann!"}},)"
          R"("attendees":[{"email":"bob@example.com"},{"email":"ada@example.com","name":"A"}],"message":"Ann came"})",
          false),
      R"({"title":"Bob, erased, Annette","type":"Ann","location":"erased's, erased",)"
      R"("responses":{"guests":{"value":["bob@example.com","erased-1@erased.invalid"]},"n":{"value":"ask erased!"}},)"
      R"("attendees":[{"email":"bob@example.com"},{"email":"erased-1@erased.invalid","name":null}],"message":"erased came"})");
}

TEST(PersonEraser, AStrangersBodyStaysAsItIs) {
  for (const std::string& name : testing::payload_names()) {
    const std::string body = testing::payload(name);
    if (body.starts_with("{")) {
      EXPECT_EQ(erased(body, false), body) << name;
    }
  }
}

TEST(PersonEraser, WhatIsNoJsonIsLeftToTheCaller) {
  for (const std::string_view body :
       {"", "[]", "false", "{", R"({"a")", R"({"a":})", R"({"a":1)", R"({"a":"b)",
        R"({"attendees":[{]})", "{1:2}", "name=ada@example.com"}) {
    EXPECT_EQ(erased(body), "nothing") << body;
  }
  const std::string deep = R"({"a":)" + std::string(100'000, '[') + std::string(100'000, ']') + "}";
  EXPECT_EQ(erased(deep), "nothing");
  EXPECT_EQ(erased(R"({"metadata":)" + std::string(5000, '[') + std::string(5000, ']') + "}"),
            R"({"metadata":null})");
}

TEST(PersonEraser, NoBodyDoesHarm) {
  std::mt19937_64 random = testing::make_generator();
  for (const std::string& name : testing::payload_names()) {
    const std::string whole = testing::payload(name);
    for (int round = 0; round < 300; ++round) {
      std::string body =
          whole.substr(0, whole.size() - random() % 3 * (random() % whole.size() / 2));
      for (int i = 0; i < 4 && !body.empty(); ++i)
        body[random() % body.size()] = "{}[]\",:\\ \0x"[random() % 11];
      const auto once = erase_person(body, {kAda, kStandIn, kNames, true});
      if (once) {
        EXPECT_EQ(erase_person(*once, {kAda, kStandIn, kNames, true}), once);
      }
    }
  }
}

}  // namespace
}  // namespace calytics::core
