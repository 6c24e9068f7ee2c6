// Which envelope and kind a body is of, and what a body that is none is told.
#include <string>

#include <gtest/gtest.h>

#include "core/booking/webhook_parser.hpp"
#include "core/text/timestamp.hpp"
#include "support.hpp"

namespace calytics::core {
namespace {

using namespace std::string_literals;

const Webhook& parse(std::string_view body) {
  static WebhookParser parser;
  const Webhook& row = parser.parse(body, testing::kPersonKey);
  EXPECT_EQ(testing::broken_promise(row), "") << body.substr(0, 1000);
  return row;
}

std::string standard(std::string_view trigger, std::string_view payload) {
  return R"({"triggerEvent":")" + std::string(trigger) +
         R"(","createdAt":"2026-10-01T12:00:00Z","payload":)" + std::string(payload) + "}";
}

constexpr std::string_view kTemplateProblem =
    "the body is a custom template, not Cal.com's JSON: remove the payload template of this "
    "webhook "
    "at Cal.com";

class BookingTrigger : public ::testing::TestWithParam<const char*> {};

TEST_P(BookingTrigger, NeedsAUid) {
  const std::string trigger = GetParam();
  EXPECT_EQ(parse(standard(trigger, R"({"uid":"u"})")).kind, Kind::booking);
  EXPECT_EQ(parse(standard(trigger, R"({"bookingUid":"u"})")).kind, Kind::booking);
  EXPECT_EQ(parse(R"({"triggerEvent":")" + trigger + R"(","uid":"u"})").kind, Kind::booking);

  for (const char* payload : {"{}", R"({"uid":null})", R"({"uid":""})", R"({"uid":5})"}) {
    const Webhook& row = parse(standard(trigger, payload));
    EXPECT_EQ(row.kind, Kind::unreadable);
    EXPECT_EQ(row.envelope, Envelope::standard);
    EXPECT_EQ(row.trigger, trigger);
    EXPECT_EQ(row.problem,
              trigger + " without uid: remove the payload template of this webhook at Cal.com");
  }
}

INSTANTIATE_TEST_SUITE_P(All, BookingTrigger,
                         ::testing::Values("BOOKING_CREATED", "BOOKING_REQUESTED",
                                           "BOOKING_RESCHEDULED", "BOOKING_CONFIRMED",
                                           "BOOKING_CANCELLED", "BOOKING_REJECTED", "BOOKING_PAID",
                                           "BOOKING_PAYMENT_INITIATED", "BOOKING_NO_SHOW_UPDATED",
                                           "BOOKING_LOCATION_UPDATED", "BOOKING_REASSIGNED",
                                           "MEETING_STARTED", "MEETING_ENDED",
                                           "AFTER_HOSTS_CAL_VIDEO_NO_SHOW",
                                           "AFTER_GUESTS_CAL_VIDEO_NO_SHOW"));

class OtherTrigger : public ::testing::TestWithParam<const char*> {};

TEST_P(OtherTrigger, IsStoredWhateverItHolds) {
  const std::string trigger = GetParam();
  for (const std::string& body :
       {standard(trigger, "{}"), standard(trigger, R"({"uid":"u"})"), standard(trigger, "null"),
        R"({"triggerEvent":")" + trigger + R"("})"}) {
    const Webhook& row = parse(body);
    EXPECT_EQ(row.kind, Kind::other) << body;
    EXPECT_EQ(row.trigger, trigger);
  }
}

INSTANTIATE_TEST_SUITE_P(All, OtherTrigger,
                         ::testing::Values("INSTANT_MEETING", "INSTANT_MEETING_ACCEPTED",
                                           "RECORDING_READY", "RECORDING_TRANSCRIPTION_GENERATED",
                                           "FORM_SUBMITTED", "FORM_SUBMITTED_NO_EVENT",
                                           "ROUTING_FORM_FALLBACK_HIT", "OOO_CREATED",
                                           "DELEGATION_CREDENTIAL_ERROR", "WRONG_ASSIGNMENT_REPORT",
                                           "CALENDAR_ENTRY_REJECTED", "BOOKING_TELEPORTED", "X",
                                           "2027_NEWS"));

TEST(Trigger, Ping) {
  EXPECT_EQ(parse(R"({"triggerEvent":"PING"})").kind, Kind::ping);
  EXPECT_EQ(parse(standard("PING", "{}")).kind, Kind::ping);
  EXPECT_EQ(parse(standard("PING", "false")).kind, Kind::ping);
}

TEST(Trigger, MustBeANameInCapitals) {
  for (const char* trigger :
       {R"("booking_created")", R"("BOOKING CREATED")", R"("")", "5", "true", "{}", "[]",
        R"("BOOKING_CREATED\u0000")", R"("BÜCHUNG")", R"("{{triggerEvent}}")"}) {
    const Webhook& row =
        parse(R"({"triggerEvent":)" + std::string(trigger) + R"(,"payload":{"uid":"u"}})");
    EXPECT_EQ(row.kind, Kind::unreadable) << trigger;
    EXPECT_EQ(row.trigger, std::nullopt);
    EXPECT_TRUE(row.problem && row.problem->starts_with("triggerEvent is not a name in capitals"));
  }
}

TEST(Envelope, CustomTemplates) {
  for (const char* body :
       {"false", "null", "0", "\"text\"", "[]", "[{}]", "[1,", "{}", R"({"uid":"u"})",
        R"({"triggerEvent":null,"payload":{"uid":"u"}})", R"({"payload":{"triggerEvent":"PING"}})",
        "New booking by Zoë", "<p>x=1</p>"}) {
    const Webhook& row = parse(body);
    EXPECT_EQ(row.envelope, Envelope::template_) << body;
    EXPECT_EQ(row.kind, Kind::unreadable) << body;
    EXPECT_EQ(row.problem, kTemplateProblem) << body;
  }
}

TEST(Envelope, Forms) {
  const Webhook& row = parse(
      "\xEF\xBB\xBF  "
      "triggerEvent=BOOKING_CANCELLED&event=X&uid=%75%2Fv&startTime=2026-10-25T08:30:00"
      "%2B02:00&end=2026-10-25T09:00:00+02:00");
  EXPECT_EQ(testing::describe(row), R"(envelope: form
kind: unreadable
problem: the body is a custom template, not Cal.com's JSON: remove the payload template of this webhook at Cal.com
trigger: BOOKING_CANCELLED
uid: u/v
starts_at: 2026-10-25 06:30:00
ends_at: 2026-10-25 07:00:00
)");
  EXPECT_EQ(
      testing::describe(parse("event=no trigger&uid=" + std::string(256, 'u') + "&start=now")),
      R"(envelope: form
kind: unreadable
problem: the body is a custom template, not Cal.com's JSON: remove the payload template of this webhook at Cal.com
)");
}

TEST(Envelope, EmptyBody) {
  for (const char* body : {"", " \r\n\t", "\xEF\xBB\xBF"}) {
    const Webhook& row = parse(body);
    EXPECT_EQ(row.envelope, Envelope::unreadable);
    EXPECT_EQ(row.kind, Kind::unreadable);
    EXPECT_EQ(row.problem, "the body is empty: check what stands between Cal.com and this server");
  }
}

TEST(Envelope, BrokenJsonSaysWhere) {
  const auto problem = [](std::string_view body) {
    const Webhook& row = parse(body);
    EXPECT_EQ(row.envelope, Envelope::unreadable) << body;
    return std::string(row.problem.value_or(""));
  };
  EXPECT_EQ(problem(R"({"triggerEvent":"PING")"), "invalid JSON at byte 22");
  EXPECT_EQ(problem(R"({"triggerEvent":"PING"}})"), "invalid JSON at byte 23");
  EXPECT_EQ(problem(R"({"triggerEvent":"PING"} {})"), "invalid JSON at byte 24");
  EXPECT_EQ(problem(R"({"triggerEvent" "PING"})"), "invalid JSON at byte 16");
  EXPECT_EQ(problem(R"(  {"triggerEvent" "PING"})"), "invalid JSON at byte 18");
  EXPECT_EQ(problem("\xEF\xBB\xBF{\"triggerEvent\" \"PING\"}"), "invalid JSON at byte 19");
  EXPECT_EQ(problem(R"({"triggerEvent":"PING","payload":{"uid" 1}})"), "invalid JSON at byte 40");
  EXPECT_EQ(problem(R"({"triggerEvent":"PING)"),
            "invalid JSON: a string is not closed; the body seems to be cut off");
  EXPECT_EQ(problem("{\"triggerEvent\":\"PI\nNG\"}"),
            "invalid JSON: a string holds an unescaped control character");
  EXPECT_EQ(problem("{\"triggerEvent\":\"PI\0NG\"}"s),
            "invalid JSON: a string holds an unescaped control character");
}

TEST(Envelope, PayloadMustBeAnObject) {
  for (const char* payload : {"false", "5", "\"text\"", "[]", R"([{"uid":"u"}])"}) {
    const Webhook& row = parse(standard("BOOKING_CREATED", payload));
    EXPECT_EQ(row.envelope, Envelope::standard);
    EXPECT_EQ(row.kind, Kind::unreadable);
    EXPECT_EQ(
        row.problem,
        "BOOKING_CREATED with a payload that is not an object: remove the payload template of "
        "this webhook at Cal.com");
  }
}

TEST(Envelope, StandardIgnoresTheRestOfTheRoot) {
  const Webhook& row = parse(
      R"({"uid":"root","title":"root","triggerEvent":"BOOKING_CREATED","payload":{"uid":"u"},"id":5})");
  EXPECT_EQ(row.envelope, Envelope::standard);
  EXPECT_EQ(row.uid, "u");
  EXPECT_EQ(row.title, std::nullopt);
  EXPECT_EQ(row.booking_id, std::nullopt);
}

TEST(Envelope, OrderOfMembersDoesNotMatter) {
  const Webhook& row = parse(
      R"({"payload":{"cancelledBy":"C@x","attendees":[{"email":"c@x"}],"uid":"u"},"createdAt":"2026-10-01T12:00:00Z","triggerEvent":"BOOKING_CANCELLED"})");
  EXPECT_EQ(row.kind, Kind::booking);
  EXPECT_EQ(row.cancelled_by, CancelledBy::customer);
  EXPECT_EQ(row.happened_at, parse_timestamp("2026-10-01T12:00:00Z"));
}

TEST(Envelope, ByteOrderMarkAndSpaceAreSkipped) {
  EXPECT_EQ(parse("\xEF\xBB\xBF \n" + standard("BOOKING_CREATED", R"({"uid":"u"})") + "\r\n").kind,
            Kind::booking);
}

}  // namespace
}  // namespace calytics::core
