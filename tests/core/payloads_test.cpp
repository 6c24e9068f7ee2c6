// Every payload file, each expectation written down from reading the file.
#include <algorithm>
#include <string>

#include <gtest/gtest.h>

#include "core/booking/webhook_parser.hpp"
#include "core/privacy/person.hpp"
#include "support.hpp"

namespace calytics::core {
namespace {

const Webhook& parse_payload(std::string_view name) {
  static WebhookParser parser;
  return parser.parse(testing::payload(name), testing::kPersonKey);
}

std::string described(std::string_view name) {
  return testing::describe(parse_payload(name));
}

TEST(Payloads, CreatedUtmUnicode) {
  EXPECT_EQ(described("booking_created_utm_unicode.json"), R"(envelope: standard
kind: booking
trigger: BOOKING_CREATED
happened_at: 2026-10-02 14:03:11.482000
uid: hV3kQ9sZrT2mX8uWnB4cYd
booking_id: 900101
status: ACCEPTED
event_type_id: 7301
service: consulta-inicial
service_title: Consulta inicial
starts_at: 2026-10-25 08:30:00
ends_at: 2026-10-25 09:15:00
price: 0
currency: USD
host_id: 41
host: zoe
host_name: Zoë Núñez
host_email: zoe@example.com
host_time_zone: Europe/Madrid
requires_confirmation: false
title: Consulta inicial between Zoë Núñez and 山田 太郎
location: https://app.cal.com/video/hV3kQ9sZrT2mX8uWnB4cYd
notes: 初めまして 🙏 "quote" \ back
line2
answers: {"utm_source":"newsletter","utm_campaign":"otoño-2026 – «vuelta»","gclid":"EAIaIQobChMI_test","company":"Łódź & Søn A/S"}
metadata: {"videoCallUrl":"https://app.cal.com/video/hV3kQ9sZrT2mX8uWnB4cYd","utm_source":"newsletter","utm_medium":"email","utm_campaign":"otoño-2026"}
attendee 0 email: taro.yamada@example.com
attendee 0 name: 山田 太郎
attendee 0 time_zone: Asia/Tokyo
attendee 0 locale: ja
attendee 1 email: o'brien+guest@example.com
attendee 1 time_zone: Asia/Tokyo
attendee 1 locale: ja
)");
}

TEST(Payloads, RequestedFromReschedule) {
  EXPECT_EQ(described("booking_requested_from_reschedule.json"), R"(envelope: standard
kind: booking
trigger: BOOKING_REQUESTED
happened_at: 2026-10-30 09:12:44.007000
uid: opt2NewUidBBBBBBBBBBBB
booking_id: 900203
status: PENDING
reschedule_uid: opt1OldUidAAAAAAAAAAAA
reschedule_booking_id: 900202
reschedule_starts_at: 2026-11-02 10:00:00
reschedule_ends_at: 2026-11-02 10:30:00
event_type_id: 7302
service: opt-in
service_title: Opt in
starts_at: 2026-11-03 10:00:00
ends_at: 2026-11-03 10:30:00
price: 0
currency: USD
host_id: 57
host: ravi
host_name: Ravi Śāstrī
host_email: ravi@example.com
host_time_zone: Asia/Kolkata
requires_confirmation: true
reason: bolestan
title: Opt in between Ravi Śāstrī and Ana Kovač
location: integrations:zoom
metadata: {}
attendee 0 email: ana.kovac@example.com
attendee 0 name: Ana Kovač
attendee 0 time_zone: Europe/Zagreb
attendee 0 locale: hr
)");
}

TEST(Payloads, CreatedAfterConfirm) {
  EXPECT_EQ(described("booking_created_after_confirm.json"), R"(envelope: standard
kind: booking
trigger: BOOKING_CREATED
happened_at: 2026-10-30 11:40:02.913000
uid: opt2NewUidBBBBBBBBBBBB
booking_id: 900203
status: ACCEPTED
event_type_id: 7302
service: opt-in
service_title: Opt in
starts_at: 2026-11-03 10:00:00
ends_at: 2026-11-03 10:30:00
price: 0
currency: USD
host_id: 57
host: ravi
host_name: Ravi Śāstrī
host_email: ravi@example.com
host_time_zone: Asia/Kolkata
requires_confirmation: true
title: Opt in between Ravi Śāstrī and Ana Kovač
location: integrations:zoom
metadata: {"videoCallUrl":"https://zoom.example.com/j/94411223344"}
attendee 0 email: ana.kovac@example.com
attendee 0 name: Ana Kovač
attendee 0 time_zone: Europe/Zagreb
attendee 0 locale: hr
)");
}

TEST(Payloads, RescheduledRoundRobin) {
  EXPECT_EQ(described("booking_rescheduled_round_robin.json"), R"(envelope: standard
kind: booking
trigger: BOOKING_RESCHEDULED
happened_at: 2026-11-27 08:00:59.120000
uid: rrNewUidDDDDDDDDDDDDDD
booking_id: 900311
status: ACCEPTED
reschedule_uid: rrOldUidCCCCCCCCCCCCCC
reschedule_booking_id: 900310
reschedule_starts_at: 2026-11-30 15:00:00
reschedule_ends_at: 2026-11-30 15:20:00
event_type_id: 7310
service: sales-intro
service_title: Sales intro
starts_at: 2026-12-01 15:00:00
ends_at: 2026-12-01 15:20:00
price: 0
currency: USD
host_id: 63
host: mbali
host_name: Mbali Dlamini
host_email: mbali@example.com
host_time_zone: Africa/Johannesburg
requires_confirmation: false
reason: Clash with board meeting
title: Sales intro between Mbali Dlamini and Søren Ødegård
location: https://meet.example.com/abc-defg-hij
metadata: {"videoCallUrl":"https://meet.example.com/abc-defg-hij"}
attendee 0 email: soren@example.com
attendee 0 name: Søren Ødegård
attendee 0 time_zone: Europe/Oslo
attendee 0 locale: no
)");
}

TEST(Payloads, CancelledRequestReschedule) {
  EXPECT_EQ(described("booking_cancelled_request_reschedule.json"), R"(envelope: standard
kind: booking
trigger: BOOKING_CANCELLED
happened_at: 2026-11-09 17:22:31.555000
uid: cnclUidEEEEEEEEEEEEEEE
booking_id: 900420
status: CANCELLED
event_type_id: 7302
service: opt-in
service_title: Opt in
starts_at: 2026-11-10 09:00:00
ends_at: 2026-11-10 09:30:00
host_id: 57
host: ravi
host_name: Ravi Śāstrī
host_email: ravi@example.com
host_time_zone: Asia/Kolkata
request_reschedule: true
cancelled_by: host
reason: Please reschedule. double booked
title: Opt in between Ravi Śāstrī and Łukasz Żak
location: integrations:daily
attendee 0 email: lukasz@example.com
attendee 0 name: Łukasz Żak
attendee 0 time_zone: Europe/Warsaw
attendee 0 locale: pl
)");
}

TEST(Payloads, PaymentInitiated) {
  EXPECT_EQ(described("booking_payment_initiated.json"), R"(envelope: standard
kind: booking
trigger: BOOKING_PAYMENT_INITIATED
happened_at: 2026-11-14 10:00:00.100000
uid: payUidHHHHHHHHHHHHHHHH
booking_id: 900602
status: ACCEPTED
event_type_id: 7304
service: paid-consult
service_title: Paid consult
starts_at: 2026-11-20 13:00:00
ends_at: 2026-11-20 14:00:00
price: 12000
currency: EUR
host_id: 41
host: zoe
host_name: Zoë Núñez
host_email: zoe@example.com
host_time_zone: Europe/Madrid
requires_confirmation: false
payment_id: 5501
title: Paid consult between Zoë Núñez and Jürgen Groß
location: integrations:daily
metadata: {}
attendee 0 email: juergen@example.com
attendee 0 name: Jürgen Groß
attendee 0 time_zone: Europe/Berlin
attendee 0 locale: de
)");
}

TEST(Payloads, Paid) {
  EXPECT_EQ(described("booking_paid.json"), R"(envelope: standard
kind: booking
trigger: BOOKING_PAID
happened_at: 2026-11-14 10:02:41.870000
uid: payUidHHHHHHHHHHHHHHHH
booking_id: 900602
status: ACCEPTED
event_type_id: 7304
service: paid-consult
service_title: Paid consult
starts_at: 2026-11-20 13:00:00
ends_at: 2026-11-20 14:00:00
price: 12000
currency: EUR
host_id: 41
host: zoe
host_name: Zoë Núñez
host_email: zoe@example.com
host_time_zone: Europe/Madrid
requires_confirmation: false
payment_id: 5501
title: Paid consult between Zoë Núñez and Jürgen Groß
location: integrations:daily
metadata: {"identifier":"cal.com","bookingId":900602,"eventTypeId":7304,"bookerEmail":"juergen@example.com","eventTitle":"Paid consult","externalId":"pi_3TestPaymentIntent"}
attendee 0 email: juergen@example.com
attendee 0 name: Jürgen Groß
attendee 0 time_zone: Europe/Berlin
attendee 0 locale: de
)");
}

TEST(Payloads, SeatAdded) {
  EXPECT_EQ(described("booking_created_seat_added.json"), R"(envelope: standard
kind: booking
trigger: BOOKING_CREATED
happened_at: 2026-11-11 02:15:00.450000
uid: seatUidIIIIIIIIIIIIIII
booking_id: 900701
status: ACCEPTED
event_type_id: 7306
service: group-class
service_title: Group class
starts_at: 2026-11-18 04:30:00
ends_at: 2026-11-18 05:30:00
price: 0
currency: USD
host_id: 57
host: ravi
host_name: Ravi Śāstrī
host_email: ravi@example.com
host_time_zone: Asia/Kolkata
seats_per_slot: 10
seat_id: 6c1a0f0e-2a1f-4b0e-9a27-5d1f6f3b7c55
requires_confirmation: false
title: Group class between Ravi Śāstrī and Nguyễn Thị Hồng
location: integrations:zoom
metadata: {}
attendee 0 email: hong@example.com
attendee 0 name: Nguyễn Thị Hồng
attendee 0 phone: +84900000001
attendee 0 time_zone: Asia/Ho_Chi_Minh
attendee 0 locale: vi
)");
}

TEST(Payloads, MeetingEndedFlat) {
  EXPECT_EQ(described("meeting_ended_flat.json"), R"(envelope: flat
kind: booking
trigger: MEETING_ENDED
happened_at: 2026-10-28 16:45:10.233000
uid: recUid1FFFFFFFFFFFFFFF
booking_id: 900502
status: ACCEPTED
event_type_id: 7305
starts_at: 2026-11-09 18:00:00
ends_at: 2026-11-09 18:50:00
host_id: 41
host: zoe
host_name: Zoë Núñez
host_email: zoe@example.com
host_time_zone: Europe/Madrid
recurring: true
series: 9Yb2sRecurringSeriesId1
paid: false
title: Weekly coaching between Zoë Núñez and Chloé
location: integrations:daily
metadata: {}
attendee 0 email: chloe@example.com
attendee 0 name: Chloé
attendee 0 time_zone: Europe/Paris
attendee 0 locale: fr
attendee 0 no_show: false
)");
}

TEST(Payloads, NoShowUpdated) {
  EXPECT_EQ(described("booking_no_show_updated.json"), R"(envelope: standard
kind: booking
trigger: BOOKING_NO_SHOW_UPDATED
happened_at: 2026-11-09 19:05:12.345000
uid: recUid1FFFFFFFFFFFFFFF
booking_id: 900502
attendee 0 email: chloe@example.com
attendee 0 no_show: true
)");
}

TEST(Payloads, CustomTemplateForm) {
  EXPECT_EQ(described("custom_template_form.form.txt"), R"(envelope: form
kind: unreadable
problem: the body is a custom template, not Cal.com's JSON: remove the payload template of this webhook at Cal.com
trigger: BOOKING_CREATED
uid: hV3kQ9sZrT2mX8uWnB4cYd
starts_at: 2026-10-25 08:30:00
)");
}

TEST(Payloads, Ping) {
  EXPECT_EQ(described("ping.json"), R"(envelope: standard
kind: ping
trigger: PING
happened_at: 2026-10-01 12:00:00
service: Test
starts_at: 2026-10-01 12:00:00
ends_at: 2026-10-01 12:00:00
host_name: Cal
host_email: no-reply@example.com
host_time_zone: Europe/London
title: Test trigger event
attendee 0 email: jdoe@example.com
attendee 0 name: John Doe
attendee 0 time_zone: Europe/London
attendee 0 locale: en
)");
}

TEST(Payloads, FormSubmitted) {
  EXPECT_EQ(described("form_submitted_rootdata.json"), R"(envelope: standard
kind: other
trigger: FORM_SUBMITTED
happened_at: 2026-10-05 07:07:07.070000
answers: {"company_size":"51-200"}
)");
}

TEST(Payloads, DigestsAndPseudonyms) {
  for (const std::string& name : testing::payload_names()) {
    const Webhook& row = parse_payload(name);
    EXPECT_EQ(testing::broken_promise(row), "") << name;
    for (const Attendee& attendee : row.attendees) {
      EXPECT_EQ(attendee.id, person_id(*attendee.email, testing::kPersonKey)) << name;
    }
  }
}

}  // namespace
}  // namespace calytics::core
