#include "core/booking/webhook_parser.hpp"

#include <algorithm>
#include <string>

#include <gtest/gtest.h>

#include "core/privacy/person.hpp"
#include "support.hpp"

namespace calytics::core {
namespace {

TEST(Parser, EachBodyStartsFromNothing) {
  WebhookParser parser;
  const auto parse = [&parser](std::string_view body) -> const Webhook& {
    return parser.parse(body, testing::kPersonKey);
  };
  parse(testing::payload("booking_created_seat_added.json"));
  EXPECT_EQ(testing::describe(parse(R"({"triggerEvent":"PING"})")),
            "envelope: flat\nkind: ping\ntrigger: PING\n");
  parse(testing::payload("booking_created_seat_added.json"));
  EXPECT_EQ(testing::describe(parse("{")),
            "envelope: unreadable\nkind: unreadable\nproblem: invalid JSON at byte 1\n");
}

TEST(Parser, RowDoesNotViewTheBody) {
  WebhookParser parser;
  std::string body = testing::payload("booking_created_utm_unicode.json");
  const std::string before = testing::describe(parser.parse(body, testing::kPersonKey));
  std::fill(body.begin(), body.end(), '#');
  body.clear();
  body.shrink_to_fit();
  EXPECT_EQ(testing::describe(parser.parse(testing::payload("booking_created_utm_unicode.json"),
                                           testing::kPersonKey)),
            before);
  const Webhook& row = parser.parse(testing::payload("booking_created_utm_unicode.json"),
                                    std::string(testing::kPersonKey));  // both gone by now
  EXPECT_EQ(testing::describe(row), before);
}

TEST(Parser, KeyDecidesPseudonyms) {
  WebhookParser parser;
  const std::string body = testing::payload("booking_paid.json");
  const PersonId one = parser.parse(body, "one").attendees.at(0).id;
  const PersonId two = parser.parse(body, "two").attendees.at(0).id;
  EXPECT_NE(one, two);
  EXPECT_EQ(one, person_id("juergen@example.com", "one"));
}

}  // namespace
}  // namespace calytics::core
