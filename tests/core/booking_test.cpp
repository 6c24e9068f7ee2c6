// What each member of a booking becomes in the row.
#include <string>

#include <gtest/gtest.h>

#include "core/booking/webhook_parser.hpp"
#include "core/privacy/person.hpp"
#include "core/text/timestamp.hpp"
#include "support.hpp"

namespace calytics::core {
namespace {

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

const Webhook& created(std::string_view members) {
  return parse(standard("BOOKING_CREATED", R"({"uid":"u",)" + std::string(members) + "}"));
}

const Webhook& flat(std::string_view members) {
  return parse(R"({"triggerEvent":"MEETING_ENDED","uid":"u",)" + std::string(members) + "}");
}

TEST(Booking, LastOfEqualKeysCounts) {
  const Webhook& row = parse(R"({"triggerEvent":"PING","payload":{"uid":"old","title":"old"},
      "payload":{"uid":"a","uid":"b","title":"t","title":null,
        "organizer":{"name":"A","email":"a@x"},"organizer":{"name":"B"},
        "attendees":[{"email":"a@x"},{"email":"b@x"}],"attendees":[{"email":"c@x"}],
        "responses":{"q":1,"notes":"n"},"responses":{"r":{"value":1,"value":2}},
        "metadata":{"a":1},"metadata":null,"team":{"members":[{"email":"t@x"}]},"team":null,
        "cancelledBy":"t@x","eventType":{"id":1,"slug":"s"},"eventType":{"id":2}},
      "triggerEvent":"BOOKING_CREATED"})");
  EXPECT_EQ(testing::describe(row), R"(envelope: standard
kind: booking
trigger: BOOKING_CREATED
uid: b
event_type_id: 2
host_name: B
cancelled_by: other
answers: {"r":2}
attendee 0 email: c@x
)");
}

TEST(Booking, EscapedNamesAreNames) {
  EXPECT_EQ(parse(R"({"trigger\u0045vent":"BOOKING_PAID","p\u0061yload":{"\u0075id":"u"}})").kind,
            Kind::booking);
}

TEST(Booking, WrongTypesAreAbsent) {
  const Webhook& row = created(
      R"("bookingId":"5","status":1,"startTime":{},"endTime":[],"price":true,"currency":3,)"
      R"("organizer":[],"attendees":{"email":"a@x"},"responses":[1],"metadata":"m","team":5,)"
      R"("recurringEvent":[1],"title":{},"location":["x"],"eventType":null,"requestReschedule":1)");
  EXPECT_EQ(testing::describe(row), R"(envelope: standard
kind: booking
trigger: BOOKING_CREATED
happened_at: 2026-10-01 12:00:00
uid: u
)");
}

TEST(Booking, NumbersOutOfRangeAreAbsentAndHarmless) {
  for (const char* number : {"-1", "1.5", "1e3", "9223372036854775808", "1e400",
                             "12345678901234567890", "-0.1", "NaN", "0x10"}) {
    std::string members = R"("title":"t")";
    for (const char* name : {"price", "bookingId", "unknown"}) {
      members += R"(,")" + std::string(name) + R"(":)" + number;
    }
    const Webhook& row = created(members);
    EXPECT_EQ(row.kind, Kind::booking) << number;
    EXPECT_EQ(row.price, std::nullopt) << number;
    EXPECT_EQ(row.booking_id, std::nullopt) << number;
    EXPECT_EQ(row.title, "t");
  }
  EXPECT_EQ(created(R"("price":9223372036854775807)").price, INT64_MAX);
  EXPECT_EQ(created(R"("price" : 0 )").price, 0);
}

TEST(Booking, CurrencyIsThreeLetters) {
  EXPECT_EQ(created(R"("currency":"eUr")").currency, "EUR");
  for (const char* currency : {"EURO", "EU", "E1R", "€", "", "   "}) {
    EXPECT_EQ(created("\"currency\":\"" + std::string(currency) + '"').currency, std::nullopt);
  }
}

TEST(Booking, TextsAreRepaired) {
  EXPECT_EQ(created(R"("title":"a\u0000b\ud83d")").title, "a\uFFFDb\uFFFD");
  EXPECT_EQ(created(R"("title":"\ud83d\ude4f \u00e9")").title, "🙏 é");
  EXPECT_EQ(created("\"title\":\"a\xFF\xC3z\"").title, "a\uFFFD\uFFFDz");
  EXPECT_EQ(created("\"title\":\"t\",\"unknown\":\"\xFF\\ud800\"").title, "t");
  EXPECT_EQ(created("\"metadata\":{\"k\":\"\\u0000\xFF\"}").metadata, "{\"k\":\"\uFFFD\uFFFD\"}");
}

TEST(Booking, LongTextsAreCutBetweenCharacters) {
  const auto repeated = [](std::string_view piece, std::size_t count) {
    std::string text;
    while (count-- > 0)
      text += piece;
    return text;
  };
  const std::string euros = repeated("€", 10'000);
  const Webhook& row =
      created(R"("title":")" + euros + R"(","type":")" + euros + R"(","organizer":{"name":")" +
              euros + R"("},"status":")" + repeated(R"(\u20ac)", 100) + '"');
  EXPECT_EQ(row.title, repeated("€", 3333));
  EXPECT_EQ(row.service, repeated("€", 66));
  EXPECT_EQ(row.host_name, repeated("€", 106));
  EXPECT_EQ(row.status, repeated("€", 66));
}

TEST(Booking, UidsAreNeverCut) {
  const auto with_uid = [](std::string_view name, std::string_view uid) -> const Webhook& {
    return parse(standard("BOOKING_RESCHEDULED", R"({"uid":"u",")" + std::string(name) + R"(":")" +
                                                     std::string(uid) + R"("})"));
  };
  const std::string longest(255, 'u');
  EXPECT_EQ(with_uid("uid", longest).uid, longest);
  EXPECT_EQ(with_uid("rescheduleUid", longest).reschedule_uid, longest);
  for (const char* name : {"uid", "rescheduleUid"}) {
    for (const std::string& uid :
         {longest + "u", longest.substr(1) + "🙏", std::string(5000, 'u')}) {
      const Webhook& row = with_uid(name, uid);
      EXPECT_EQ(row.kind, Kind::unreadable);
      EXPECT_EQ(row.problem, "BOOKING_RESCHEDULED with a uid of more than 255 bytes");
    }
  }
}

TEST(Booking, Instants) {
  EXPECT_EQ(created(R"("startTime":"2026-11-10T09:00:00+05:30")").starts_at,
            parse_timestamp("2026-11-10T03:30:00Z"));
  EXPECT_EQ(created(R"("startTime":"2026-11-10")").starts_at, std::nullopt);
  EXPECT_EQ(created(R"("startTime":1792917000000)").starts_at,
            parse_timestamp("2026-10-25T08:30:00Z"));
  EXPECT_EQ(parse(R"({"triggerEvent":"PING","createdAt":1792917000123})").happened_at,
            parse_timestamp("2026-10-25T08:30:00.123Z"));
  EXPECT_EQ(parse(R"({"triggerEvent":"PING","createdAt":-1})").happened_at, std::nullopt);
  EXPECT_EQ(parse(R"({"triggerEvent":"PING","createdAt":"yesterday"})").happened_at, std::nullopt);
}

TEST(Booking, ServiceFromEitherPlace) {
  const Webhook& nested =
      created(R"("eventType":{"id":7,"slug":"tattoo","title":"Tattoo"},"type":null)");
  EXPECT_EQ(nested.event_type_id, 7);
  EXPECT_EQ(nested.service, "tattoo");
  EXPECT_EQ(nested.service_title, "Tattoo");
  const Webhook& both = created(
      R"("eventType":{"id":7,"slug":"a","title":"A"},"type":"b","eventTitle":"B","eventTypeId":8)");
  EXPECT_EQ(both.event_type_id, 8);
  EXPECT_EQ(both.service, "b");
  EXPECT_EQ(both.service_title, "B");
}

TEST(Booking, WhoCancelled) {
  const auto by = [](std::string_view address) {
    return created(R"("organizer":{"email":"Host@x"},"team":{"members":[{"email":"team@x"},{}]},)"
                   R"("attendees":[{"email":"guest@x"},{"email":"Host@x"}],"cancelledBy":)" +
                   std::string(address))
        .cancelled_by;
  };
  EXPECT_EQ(by(R"(" host@X ")"), CancelledBy::host);
  EXPECT_EQ(by(R"("TEAM@x")"), CancelledBy::host);
  EXPECT_EQ(by(R"("Guest@x")"), CancelledBy::customer);
  EXPECT_EQ(by(R"("admin@x")"), CancelledBy::other);
  EXPECT_EQ(by("null"), std::nullopt);
  EXPECT_EQ(by(R"("")"), std::nullopt);
  EXPECT_EQ(by(R"("  ")"), std::nullopt);
  EXPECT_EQ(flat(R"("user":{"email":"h@x"},"cancelledBy":"h@x")").cancelled_by, CancelledBy::host);
  EXPECT_EQ(flat(R"("userPrimaryEmail":"h@x","cancelledBy":"h@x")").cancelled_by,
            CancelledBy::host);
}

TEST(Booking, ReasonsAndNotesByPrecedence) {
  constexpr std::string_view kAnswers =
      R"("responses":{"notes":{"value":"n2"},"rescheduleReason":{"value":"r3"}})";
  const std::string answers(kAnswers);
  EXPECT_EQ(created(answers).reason, "r3");
  EXPECT_EQ(created(answers).notes, "n2");
  EXPECT_EQ(created(R"("rejectionReason":"r2",)" + answers).reason, "r2");
  EXPECT_EQ(created(R"("cancellationReason":"r1","rejectionReason":"r2",)" + answers).reason, "r1");
  EXPECT_EQ(created(R"("cancellationReason":"","rejectionReason":"r2")").reason, "r2");
  EXPECT_EQ(created(R"("additionalNotes":"n1",)" + answers).notes, "n1");
  EXPECT_EQ(created(R"("additionalNotes":"",)" + answers).notes, "n2");
}

TEST(Booking, Answers) {
  EXPECT_EQ(
      created(
          R"("responses":{"name":{"value":"N"},"email":{"value":"e"},"attendeePhoneNumber":{"value":"1"},)"
          R"("location":{"value":{"value":"x"}},"title":{"value":"t"},"notes":{"value":"n"},)"
          R"("guests":{"value":[]},"rescheduleReason":{"value":"r"},"smsReminderNumber":{"value":"2"},)"
          R"("a":{"label":"A","value":"x","isHidden":false},"b":{"value":[1,{"c":true}]},"d":{"label":"D"},)"
          R"("e":{"value":null},"f":{"value":false},"g":"plain","h":null,"i":{"value":1e999}})")
          .answers,
      R"({"a":"x","b":[1,{"c":true}],"f":false,"g":"plain","i":"1e999"})");
  EXPECT_EQ(created(R"("responses":{"name":{"value":"N"}})").answers, std::nullopt);
  EXPECT_EQ(created(R"("responses":{})").answers, std::nullopt);
}

TEST(Booking, SecretsNeverLeave) {
  const Webhook& row = created(
      R"("oneTimePassword":"S3CR3T","videoCallData":{"password":"S3CR3T","url":"u"},)"
      R"("metadata":{"apiToken":"S3CR3T","a":{"Password":"S3CR3T","b":1},"clientSecret":{"x":"S3CR3T"}})");
  EXPECT_EQ(row.metadata, R"({"a":{"b":1}})");
  EXPECT_EQ(testing::describe(row).find("S3CR3T"), std::string::npos);
}

TEST(Booking, ASessionIsNamedAmongTheMetadata) {
  const auto session = [](std::string_view value) {
    return created(R"("metadata":{"a":1,"calyticsSession":)" + std::string(value) + R"(,"b":2})")
        .session;
  };
  EXPECT_EQ(session(R"("6f1c2e9a-0b7d-4e35-9c41-2a8d5be07f13")"),
            "6f1c2e9a-0b7d-4e35-9c41-2a8d5be07f13");
  EXPECT_EQ(session(R"("s_1.x")"), "s_1.x");
  EXPECT_EQ(session('"' + std::string(64, 'x') + '"'), std::string(64, 'x'));
  for (const char* wrong :
       {R"("")", R"("a b")", R"("ada@example.com")", R"("é")", R"("<script>")", R"("a\u0000")", "7",
        "null", "true", R"({"calyticsSession":"s"})", R"(["s"])"})
    EXPECT_EQ(session(wrong), std::nullopt) << wrong;
  EXPECT_EQ(session('"' + std::string(65, 'x') + '"'), std::nullopt);
  EXPECT_EQ(session(R"("4111-1111-1111-1111")"), std::nullopt) << "a card's number";
  EXPECT_EQ(created(R"("calyticsSession":"s","metadata":{"x":{"calyticsSession":"s"}})").session,
            std::nullopt);
  EXPECT_EQ(created(R"("metadata":{"calyticsSession":"s"},"metadata":{})").session, std::nullopt);
  EXPECT_EQ(created(R"("metadata":{"calyticsSession":"s"})").metadata,
            R"({"calyticsSession":"s"})");
}

TEST(Booking, SeatsAndSeries) {
  EXPECT_EQ(created(R"("attendeeSeatId":"s")").seat_id, "s");
  EXPECT_EQ(created(R"("seatReferenceUid":"s")").seat_id, "s");
  EXPECT_EQ(created(R"("seatsPerTimeSlot":10)").seats_per_slot, 10);
  EXPECT_FALSE(created(R"("recurringEvent":null)").recurring);
  EXPECT_TRUE(created(R"("recurringEvent":{"freq":2})").recurring);
  EXPECT_TRUE(created(R"("recurringEventId":"r")").recurring);
  EXPECT_EQ(created(R"("recurringEventId":"r")").series, "r");
}

TEST(Booking, SingleSeatIsOneStoredRowInAStandardEnvelope) {
  constexpr std::string_view kStored = R"({"id":1,"bookingId":2,"email":"a@x"})";
  const auto list = [](std::string_view rows) {
    return "\"attendees\":[" + std::string(rows) + "]";
  };
  const std::string stored(kStored);
  EXPECT_TRUE(created(list(stored)).single_seat);
  EXPECT_FALSE(created(list(stored + "," + stored)).single_seat);
  EXPECT_FALSE(created(list(stored + ",{}")).single_seat);
  EXPECT_FALSE(created(list(R"({"id":1,"email":"a@x"})")).single_seat);
  EXPECT_FALSE(created(list("")).single_seat);
  EXPECT_FALSE(flat(list(stored)).single_seat);
}

TEST(Booking, Attendees) {
  const Webhook& row = created(
      R"("attendees":[5,{"name":"nobody"},{"email":" A@x ","name":"A","noShow":false},{"phoneNumber":"+1","locale":"de"},)"
      R"({"email":"a@X","name":"A again","timeZone":"UTC","phoneNumber":"+2","noShow":true},{"email":"","phoneNumber":"+3"}])");
  EXPECT_EQ(testing::describe(row), R"(envelope: standard
kind: booking
trigger: BOOKING_CREATED
happened_at: 2026-10-01 12:00:00
uid: u
attendee 2 email: A@x
attendee 2 name: A
attendee 2 phone: +2
attendee 2 time_zone: UTC
attendee 2 no_show: true
attendee 3 phone: +1
attendee 3 locale: de
attendee 5 phone: +3
)");
  EXPECT_EQ(row.attendees[0].id, person_id("a@x", testing::kPersonKey));
  EXPECT_EQ(row.attendees[1].id, person_id("+1", testing::kPersonKey));
}

TEST(Booking, NoShows) {
  const std::string row = testing::describe(parse(standard(
      "BOOKING_NO_SHOW_UPDATED",
      R"({"bookingUid":"u","attendees":[{"email":"a@x","noShow":false},{"email":"b@x","noShow":true}]})")));
  EXPECT_NE(row.find("attendee 0 no_show: false\n"), std::string::npos);
  EXPECT_NE(row.find("attendee 1 no_show: true\n"), std::string::npos);

  EXPECT_TRUE(
      parse(standard("AFTER_HOSTS_CAL_VIDEO_NO_SHOW", R"({"bookingUid":"u"})")).host_no_show);
  EXPECT_FALSE(
      parse(standard("AFTER_GUESTS_CAL_VIDEO_NO_SHOW", R"({"bookingUid":"u"})")).host_no_show);
  EXPECT_TRUE(flat(R"("noShowHost":true)").host_no_show);
  EXPECT_FALSE(flat(R"("noShowHost":false)").host_no_show);
  EXPECT_FALSE(created(R"("noShowHost":true)").host_no_show);
}

TEST(Booking, FlatNames) {
  const Webhook& row =
      flat(R"("id":7,"fromReschedule":"old","paid":true,"userId":3,"userPrimaryEmail":"p@x",)"
           R"("user":{"username":"h","name":"H","timeZone":"UTC"},"recurringEventId":"r")");
  EXPECT_EQ(testing::describe(row), R"(envelope: flat
kind: booking
trigger: MEETING_ENDED
uid: u
booking_id: 7
reschedule_uid: old
host_id: 3
host: h
host_name: H
host_email: p@x
host_time_zone: UTC
recurring: true
series: r
paid: true
)");
}

}  // namespace
}  // namespace calytics::core
