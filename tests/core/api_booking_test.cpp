// What Cal.com's API tells of a booking, as a row and as evidence.
#include <string>

#include <gtest/gtest.h>

#include "core/booking/evidence.hpp"
#include "core/booking/webhook_parser.hpp"
#include "core/text/timestamp.hpp"
#include "support.hpp"

namespace calytics::core {
namespace {

using testing::kPersonKey;

constexpr std::string_view kItem = R"({
  "id": 501, "uid": "leg", "title": "Session", "status": "cancelled", "cancellationReason": "ill",
  "cancelledByEmail": " ZOE@example.com", "absentHost": true, "location": "Studio",
  "start": "2026-12-01T10:00:00Z", "end": "2026-12-01T12:00:00Z",
  "createdAt": "2026-11-01T09:00:00Z", "recurringBookingUid": "weekly",
  "hosts": [{"id": 41, "name": "Zoe", "email": "zoe@example.com", "username": "zoe"}, {"id": 42}],
  "eventType": {"id": 7301, "slug": "small-tattoo"},
  "price": 12000, "currency": "eur", "eventTitle": "Small tattoo",
  "metadata": {"utm_source": "flyer", "password": "x"},
  "attendees": [{"name": "Sam", "email": "sam@example.com", "language": "es", "absent": true,
                 "seatUid": "seat-1"},
                {"name": "Kim", "email": "kim@example.com", "absent": false}],
  "bookingFieldsResponses": {"email": "sam@example.com", "style": "dots", "notes": "left arm"})";

// The item as it is archived; `more` are further members.
std::string body(std::string_view updated, std::string_view more = {}) {
  return R"({"triggerEvent":"BOOKING_SYNCED","createdAt":")" + std::string(updated) +
         R"(","payload":)" + std::string(kItem) + std::string(more) + "}}";
}

Moment moment(std::string_view text) {
  return Moment{parse_timestamp(text).value()};
}

struct Synced {
  explicit Synced(const std::string& text) : row(parser.parse(text, kPersonKey)) {}
  // Views of this.
  BookingState told() { return booking_evidence(row, Moment{*row.happened_at}, name); }

  WebhookParser parser;
  HostName name{};
  const Webhook& row;
};

TEST(ApiBooking, IsReadIntoTheRowOfAWebhook) {
  const std::string text = body("2026-11-20T09:00:00Z");
  const Synced synced(text);
  const Webhook& row = synced.row;
  EXPECT_EQ(testing::broken_promise(row), "");
  EXPECT_EQ(row.kind, Kind::booking);
  EXPECT_EQ(row.uid, "leg");
  EXPECT_EQ(row.booking_id, 501);
  EXPECT_EQ(row.status, "CANCELLED");
  EXPECT_EQ(row.cancelled_by, CancelledBy::host);
  EXPECT_EQ(row.reason, "ill");
  EXPECT_EQ(row.service, "small-tattoo");
  EXPECT_EQ(row.service_title, "Small tattoo");
  EXPECT_EQ(row.event_type_id, 7301);
  EXPECT_EQ(row.price, 12000);
  EXPECT_EQ(row.currency, "EUR");
  EXPECT_EQ(row.host, "zoe");
  EXPECT_EQ(row.host_id, 41);
  EXPECT_TRUE(row.host_no_show);
  EXPECT_TRUE(row.recurring);
  EXPECT_EQ(row.series, "weekly");
  EXPECT_EQ(row.notes, "left arm");
  EXPECT_EQ(row.answers, R"({"style":"dots"})");
  EXPECT_EQ(row.metadata, R"({"utm_source":"flyer"})");
  ASSERT_EQ(row.attendees.size(), 2U);
  EXPECT_EQ(row.attendees[0].no_show, true);
  EXPECT_EQ(row.attendees[0].seat_id, "seat-1");
  EXPECT_EQ(row.attendees[1].no_show, false);
}

TEST(ApiBooking, WhatHappenedIsDatedByTheLastChangeUnlessThatCameAfterTheStart) {
  const std::string before = body("2026-11-20T09:00:00Z");
  EXPECT_EQ(Synced(before).told().cancelled_at, moment("2026-11-20T09:00:00Z"));
  EXPECT_EQ(Synced(before).told().created_at, moment("2026-11-01T09:00:00Z"));
  const std::string after = body("2026-12-03T09:00:00Z");
  EXPECT_EQ(Synced(after).told().cancelled_at, kSometime);
  const std::string rejected = body("2026-11-20T09:00:00Z", R"(,"status":"rejected")");
  EXPECT_EQ(Synced(rejected).told().rejected_at, moment("2026-11-20T09:00:00Z"));
  EXPECT_FALSE(Synced(rejected).told().cancelled_at);
}

TEST(ApiBooking, ALegThatIsReplacedIsNotCancelled) {
  const std::string text = body("2026-11-20T09:00:00Z", R"(,"rescheduledToUid":"next")");
  Synced replaced(text);
  const BookingState leg = replaced.told();
  EXPECT_FALSE(leg.cancelled_at);
  EXPECT_EQ(leg.superseded_by, "next");
  EXPECT_EQ(status_of(leg), "superseded");
  const std::string next = body("2026-11-20T09:00:00Z", R"(,"rescheduledFromUid":"leg0")");
  Synced synced(next);
  EXPECT_TRUE(has_predecessor(synced.row));
  EXPECT_EQ(predecessor_evidence(synced.row).superseded_by, "leg");
}

TEST(ApiBooking, AnyPriceThatWasToldAtTheTimeGoesBeforeTodays) {
  const std::string text = body("2026-11-20T09:00:00Z");
  Synced told(text);
  const BookingState synced = told.told();
  BookingState webhook;
  webhook.price = 9000;
  webhook.currency = "EUR";
  webhook.price_at = moment("2026-11-30T09:00:00Z");
  EXPECT_EQ(join(synced, webhook).price, 9000);
  EXPECT_EQ(join(webhook, synced).price, 9000);
}

}  // namespace
}  // namespace calytics::core
