// Batches judged event by event: what is taken, what is refused and why, and what time it was.

#include "track_run.hpp"

namespace calytics::core {
namespace {

TEST(TrackParser, WhatTheGuideSends) {
  const TrackBatch& batch = parse(R"({
    "sessionId": "session_123", "eventType": "SERVICE_VIEW", "serviceId": "tattoo_consultation",
    "bookingId": 42, "calEventTypeId": 7, "bookingUid": "7yqT3kq2QZ4WbLxq5dRrJn",
    "properties": {"page": "services", "source": "organic_search", "device_type": "mobile"},
    "duration": 1234.5, "eventId": "0b9e8a7c-1111-4222-8333-444455556666",
    "timestamp": "2026-05-28T20:00:00Z", "experiment": "hero", "variant": "b",
    "url": "https://ink.example/s?utm_source=ig&utm_medium=social&utm_campaign=may#x",
    "referrer": "https://www.Instagram.com/p/1", "unknown": [1, {"a": 2}]})");
  ASSERT_EQ(batch.status, TrackStatus::judged);
  ASSERT_EQ(batch.events.size(), 1U);
  const TrackedEvent& row = batch.events[0];
  EXPECT_EQ(row.session_id, "session_123");
  EXPECT_EQ(row.event_type, "SERVICE_VIEW");
  EXPECT_EQ(row.service_id, "tattoo_consultation");
  EXPECT_EQ(row.booking_id, 42);
  EXPECT_EQ(row.event_type_id, 7);
  EXPECT_EQ(row.booking_uid, "7yqT3kq2QZ4WbLxq5dRrJn");
  EXPECT_EQ(row.properties,
            R"({"page":"services","source":"organic_search","device_type":"mobile"})");
  EXPECT_EQ(row.duration, 1235);
  EXPECT_EQ(row.event_id, "0b9e8a7c-1111-4222-8333-444455556666");
  EXPECT_EQ(row.happened_at, testing::kNow - std::int64_t{1600} * 1'000'000);
  EXPECT_FALSE(row.late);
  EXPECT_FALSE(row.from_future);
  EXPECT_EQ(row.experiment, "hero");
  EXPECT_EQ(row.variant, "b");
  EXPECT_EQ(row.url, "https://ink.example/s?utm_source=ig&utm_medium=social&utm_campaign=may");
  EXPECT_EQ(row.utm_source, "ig");
  EXPECT_EQ(row.utm_medium, "social");
  EXPECT_EQ(row.utm_campaign, "may");
  EXPECT_EQ(row.referrer, "https://www.instagram.com/p/1");
  EXPECT_EQ(row.referrer_host, "www.instagram.com");
  EXPECT_EQ(row.ip_address, "203.0.113.0");
  EXPECT_EQ(row.device, Device::desktop);
  EXPECT_EQ(row.browser, Browser::chrome);
  EXPECT_FALSE(row.bot);
  EXPECT_TRUE(row.visitor);
  EXPECT_FALSE(row.user);
  EXPECT_EQ(row.removed.total(), 0U);
}

TEST(TrackParser, AllShapesOfBodies) {
  const std::string event = event_with("");
  EXPECT_EQ(parse(event).events.size(), 1U);
  EXPECT_EQ(parse("\xEF\xBB\xBF \n" + event + "\n").events.size(), 1U);
  EXPECT_EQ(parse("[" + event + "," + event + "]").events.size(), 2U);
  EXPECT_EQ(parse("{\"events\":[" + event + "," + event + "]}").events.size(), 2U);
  EXPECT_EQ(parse("{\"x\":[[]],\"events\":[" + event + "],\"y\":1}").events.size(), 1U);
  EXPECT_EQ(parse("[]").status, TrackStatus::judged);
  EXPECT_EQ(parse("{\"events\":[]}").received, 0U);
  EXPECT_EQ(parse("{\"events\":[1],\"events\":[" + event + "]}").events.size(), 1U);
}

TEST(TrackParser, ABodyThatIsBrokenIsRefusedWhole) {
  const std::string event = event_with("");
  for (const std::string& body :
       {std::string(), std::string(" "), std::string("x"), std::string("\"a\""), std::string("1"),
        std::string("{\"events\":{}}"), std::string("{\"events\":1}"), "[" + event,
        "[" + event + "]]", "[" + event + ",{\"a\" 1}]", event + event,
        "[" + event + ",{\"a\":\"x]", "{\"events\":[" + event + "}", std::string("[{]}"),
        std::string("[1 2]")}) {
    const TrackBatch& batch = parse(body);
    EXPECT_EQ(batch.status, TrackStatus::malformed) << body;
    EXPECT_TRUE(batch.problem) << body;
  }
}

TEST(TrackParser, EachEventIsJudgedByItself) {
  const TrackBatch& batch = parse("[" + event_with("") + R"(,7,{"eventType":"PAGE_VIEW"},null,)" +
                                  event_with(R"("duration":-1)") + "," + event_with("") + "]");
  EXPECT_EQ(batch.received, 6U);
  ASSERT_EQ(batch.events.size(), 2U);
  EXPECT_EQ(batch.events[0].index, 0U);
  EXPECT_EQ(batch.events[1].index, 5U);
  ASSERT_EQ(batch.rejects.size(), 4U);
  EXPECT_EQ(batch.rejects[0].index, 1U);
  EXPECT_EQ(batch.rejects[1].index, 2U);
  EXPECT_EQ(batch.rejects[2].index, 3U);
  EXPECT_EQ(batch.rejects[3].index, 4U);
  EXPECT_TRUE(batch.rejects[1].reason.starts_with("sessionId is missing"));
  EXPECT_TRUE(batch.rejects[3].reason.starts_with("duration "));
}

TEST(TrackParser, Reasons) {
  const auto starts = [](const std::string& text, std::string_view start) {
    EXPECT_TRUE(text.starts_with(start)) << text;
    EXPECT_NE(text.find(": "), std::string::npos) << text;
  };
  starts(reason_against("[1]"), "the event is not an object");
  starts(reason_against(R"({"eventType":"X"})"), "sessionId is missing");
  starts(reason_against(R"({"eventType":"X","sessionId":""})"), "sessionId is missing");
  starts(reason_against(R"({"eventType":"X","sessionId":null})"), "sessionId is missing");
  starts(reason_against(R"({"eventType":"X","sessionId":{}})"), "sessionId is not a text");
  starts(reason_against(R"({"eventType":"X","sessionId":")" + std::string(201, 's') + "\"}"),
         "sessionId takes more than 200 bytes");
  starts(reason_against(R"({"sessionId":"s"})"), "eventType is missing");
  for (const std::string type : {"view", "1X", "_X", "X-Y", "X Y", "Xy", "\\u00c4"}) {
    starts(reason_against(R"({"sessionId":"s","eventType":")" + type + "\"}"),
           "eventType is not a name");
  }
  starts(reason_against(R"({"sessionId":"s","eventType":")" + std::string(65, 'X') + "\"}"),
         "eventType is not a name");
  starts(reason_against(event_with(R"("bookingId":1.5)")), "bookingId is not an integer");
  starts(reason_against(event_with(R"("bookingId":-1)")), "bookingId is not an integer");
  starts(reason_against(event_with(R"("bookingId":99999999999999999999)")), "bookingId is not");
  starts(reason_against(event_with(R"("calEventTypeId":"x")")), "calEventTypeId is not");
  starts(reason_against(event_with(R"("bookingUid":"a@b.com")")), "bookingUid is not a uid");
  starts(reason_against(event_with(R"("duration":"5")")), "duration is not");
  starts(reason_against(event_with(R"("duration":1e300)")), "duration is not");
  starts(reason_against(event_with(R"("properties":[1])")), "properties is not an object");
  starts(reason_against(event_with(R"("timestamp":"yesterday")")), "timestamp is no instant");
  starts(reason_against(event_with(R"("timestamp":"2026-05-28T20:00:00")")), "timestamp is no");
  starts(reason_against(event_with(R"("timestamp":1e30)")), "timestamp is no instant");
  starts(reason_against(event_with(R"("timestamp":1780000000)")), "timestamp lies before");
  starts(reason_against(event_with(R"("serviceId":[])")), "serviceId is not a text");
}

TEST(TrackParser, CustomTypesAndLenientNumbers) {
  const TrackBatch& batch = parse(
      R"({"sessionId":17,"eventType":"GIFT_CARD_2","bookingId":"42","serviceId":9,"duration":null,
          "eventId":null,"timestamp":null,"properties":null,"bookingUid":""})");
  ASSERT_EQ(batch.events.size(), 1U);
  const TrackedEvent& row = batch.events[0];
  EXPECT_EQ(row.session_id, "17");
  EXPECT_EQ(row.event_type, "GIFT_CARD_2");
  EXPECT_EQ(row.booking_id, 42);
  EXPECT_EQ(row.service_id, "9");
  EXPECT_EQ(row.happened_at, testing::kNow);
  EXPECT_FALSE(row.duration || row.event_id || row.properties || row.booking_uid);
}

TEST(TrackParser, TheLastOfEqualKeysCounts) {
  const TrackedEvent row = row_with(
      R"("duration":1,"duration":2,"properties":{"a":1},"properties":{"b":2},"eventId":"x","eventId":"y")");
  EXPECT_EQ(row.duration, 2);
  EXPECT_EQ(row.properties, R"({"b":2})");
  EXPECT_EQ(row.event_id, "y");
}

TEST(TrackParser, Clocks) {
  constexpr std::int64_t kSecond = 1'000'000;
  const auto at = [](std::int64_t instant) {
    return row_with("\"timestamp\":" + std::to_string(instant / 1000));
  };
  EXPECT_EQ(at(testing::kNow).happened_at, testing::kNow);
  EXPECT_FALSE(at(testing::kNow).from_future);
  EXPECT_EQ(at(testing::kNow + kSecond).happened_at, testing::kNow);
  EXPECT_TRUE(at(testing::kNow + kSecond).from_future);
  EXPECT_FALSE(at(testing::kNow + kSecond).late);
  const std::int64_t day = 86'400 * kSecond;
  EXPECT_FALSE(at(testing::kNow - day).late);
  EXPECT_TRUE(at(testing::kNow - day - kSecond).late);
  EXPECT_EQ(at(testing::kNow - 100 * day).happened_at, testing::kNow - 100 * day);
  EXPECT_EQ(row_with(R"("timestamp":1779999999999.75)").happened_at, 1'779'999'999'999'000);
  EXPECT_EQ(row_with(R"("timestamp":"2026-05-28T22:26:40.5+02:00")").happened_at, testing::kNow);
  EXPECT_TRUE(row_with(R"("timestamp":"2026-05-28T22:26:40.5+02:00")").from_future);
  EXPECT_TRUE(row_with(R"("timestamp":"9999-12-31T00:00:00Z")").from_future);
}

TEST(TrackParser, AClockThatIsWrongIsPutRight) {
  constexpr std::int64_t kSecond = 1'000'000;
  constexpr std::int64_t kDay = 86'400 * kSecond;
  constexpr std::int64_t kAge = 5 * kSecond;
  TrackParser parser;
  // An event of five seconds ago, sent by a clock that is so far ahead, or behind.
  const auto at = [&](std::int64_t ahead) {
    const std::int64_t sent = testing::kNow + ahead;
    const std::string body = R"({"events":[{"sessionId":"s","eventType":"A","timestamp":)" +
                             std::to_string((sent - kAge) / 1000) + R"(}],"context":{"sentAt":)" +
                             std::to_string(sent / 1000) + "}}";
    const TrackBatch& batch =
        parser.parse(body, testing::track_context(), testing::track_options());
    EXPECT_EQ(batch.events.size(), 1);
    return batch.events.at(0).happened_at;
  };
  for (const std::int64_t ahead :
       {kSecond, 3600 * kSecond, 9000 * kDay, -61 * kSecond, -300 * kDay, -9999 * kDay}) {
    EXPECT_EQ(at(ahead), testing::kNow - kAge) << ahead;
  }
  // One that may only have taken its time on the way is left alone.
  for (const std::int64_t ahead : {std::int64_t{0}, -kSecond, -60 * kSecond}) {
    EXPECT_EQ(at(ahead), testing::kNow + ahead - kAge) << ahead;
  }
  for (const std::string_view sent : {"null", "\"\"", "\"yesterday\"", "-1e300", "{}"}) {
    const std::string body =
        R"({"context":{"sentAt":)" + std::string(sent) +
        R"(},"events":[{"sessionId":"s","eventType":"A","timestamp":"2026-05-28T20:00:00Z"}]})";
    const TrackBatch& batch =
        parser.parse(body, testing::track_context(), testing::track_options());
    ASSERT_EQ(batch.events.size(), 1) << sent;
    EXPECT_EQ(batch.events[0].happened_at, testing::kNow - 1600 * kSecond) << sent;
  }
}

TEST(TrackParser, CapOnEvents) {
  TrackOptions options = testing::track_options();
  options.max_events = 2;
  const std::string event = event_with("");
  EXPECT_EQ(parse("[" + event + "," + event + "]", {}, options).events.size(), 2U);
  const TrackBatch& batch = parse("[" + event + "," + event + "," + event + "]", {}, options);
  EXPECT_EQ(batch.status, TrackStatus::too_many_events);
  EXPECT_EQ(batch.problem, "the batch holds 3 events: send at most 2 in one request");
}

TEST(TrackParser, ContextOfTheBatchOfTheEventAndOfTheCaller) {
  TrackContext context = testing::track_context();
  context.url = "https://ink.example/from-header";
  const std::string events = "\"events\":[" + event_with("") + "," +
                             event_with(R"("url":"/own","context":{"userId":"u2"})") + "]";
  const std::string shared =
      R"("context":{"ipAddress":"198.51.100.9","userAgent":"curl/8","userId":"u1","url":"/batch"})";
  for (const std::string& body :
       {"{" + events + "," + shared + "}", "{" + shared + "," + events + "}"}) {
    const TrackBatch& batch = parse(body, context, testing::track_options());
    ASSERT_EQ(batch.events.size(), 2U);
    EXPECT_EQ(batch.events[0].url, "/batch");
    EXPECT_EQ(batch.events[1].url, "/own");
    EXPECT_EQ(batch.events[0].ip_address, "198.51.100.0");
    EXPECT_TRUE(batch.events[0].bot);
    EXPECT_TRUE(is_hmac(batch.events[0].user, "a key of users", "u1"));
    EXPECT_TRUE(is_hmac(batch.events[1].user, "a key of users", "u2"));
  }
  TrackOptions options = testing::track_options();
  options.body_names_client = false;
  const TrackBatch& batch = parse("{" + events + "," + shared + "}", context, options);
  EXPECT_EQ(batch.events[0].ip_address, "203.0.113.0");
  EXPECT_FALSE(batch.events[0].bot);
  EXPECT_EQ(batch.events[0].url, "/batch");
  EXPECT_EQ(parse(event_with(""), context, options).events[0].url, context.url);
}

}  // namespace
}  // namespace calytics::core
