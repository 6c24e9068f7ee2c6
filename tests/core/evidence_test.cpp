// What each trigger means, by hand: what a webhook is evidence for, and what it must not claim.
#include "core/booking/evidence.hpp"

#include <gtest/gtest.h>

#include "core/booking/trigger.hpp"

namespace calytics::core {
namespace {

constexpr Moment kAt{1000};

struct Told {
  Webhook webhook;

  explicit Told(std::string_view trigger, Envelope envelope = Envelope::standard) {
    webhook.kind = Kind::booking;
    webhook.envelope = envelope;
    webhook.trigger = trigger;
    webhook.uid = "leg";
  }
  Told& with(auto set) {
    set(webhook);
    return *this;
  }
  Told& attendee(std::uint8_t id, std::optional<bool> no_show = {}) {
    Attendee person;
    person.id = {id};
    person.no_show = no_show;
    webhook.attendees.push_back(person);
    return *this;
  }
  Told& status(std::string_view name) {
    webhook.status = name;
    return *this;
  }
  BookingState booking() { return booking_evidence(webhook, kAt, name); }
  AttendeeState attendee_told(std::size_t n) { return attendee_evidence(webhook, n, kAt); }

  HostName name{};
};

TEST(Evidence, AnEventTellsWhenASnapshotOnlyThat) {
  const BookingState made = Told("BOOKING_CREATED").booking();
  EXPECT_EQ(made.created_at, kAt);
  EXPECT_EQ(made.accepted_at, kAt);
  EXPECT_EQ(made.uid, "leg");
  EXPECT_EQ(made.root_uid, "leg");

  const BookingState shown = Told("MEETING_ENDED", Envelope::flat).status("ACCEPTED").booking();
  EXPECT_EQ(shown.created_at, kAt) << "a flat body's time is that of the booking's creation";
  EXPECT_EQ(shown.accepted_at, kSometime);

  const BookingState gone = Told("MEETING_ENDED", Envelope::flat).status("CANCELLED").booking();
  EXPECT_EQ(gone.cancelled_at, kSometime);
  EXPECT_FALSE(gone.accepted_at);
}

TEST(Evidence, ARequestIsNotAccepted) {
  EXPECT_FALSE(Told("BOOKING_REQUESTED").status("PENDING").booking().accepted_at);
  EXPECT_FALSE(Told("BOOKING_REQUESTED").status("ACCEPTED").booking().accepted_at);
  EXPECT_EQ(Told("BOOKING_REQUESTED").booking().created_at, kAt);
  EXPECT_FALSE(Told("BOOKING_PAYMENT_INITIATED").status("ACCEPTED").booking().accepted_at)
      << "it says ACCEPTED though it is pending";
  EXPECT_FALSE(Told("BOOKING_CREATED").status("PENDING").booking().accepted_at);
  EXPECT_EQ(Told("BOOKING_CONFIRMED").booking().accepted_at, kAt);
  EXPECT_FALSE(Told("BOOKING_CONFIRMED").booking().created_at);
}

TEST(Evidence, Payment) {
  EXPECT_EQ(Told("BOOKING_PAID").booking().paid_at, kAt);
  EXPECT_FALSE(Told("BOOKING_PAID").booking().accepted_at);
  EXPECT_EQ(Told("BOOKING_PAID").status("ACCEPTED").booking().accepted_at, kAt);
  EXPECT_FALSE(Told("BOOKING_PAID")
                   .status("ACCEPTED")
                   .with([](Webhook& w) { w.requires_confirmation = true; })
                   .booking()
                   .accepted_at);
  const auto paid = [](Webhook& w) { w.paid = true; };
  EXPECT_EQ(Told("MEETING_STARTED", Envelope::flat).with(paid).booking().paid_at, kSometime);
}

TEST(Evidence, Cancellation) {
  const auto by_host = [](Webhook& w) { w.cancelled_by = CancelledBy::host; };
  const BookingState gone = Told("BOOKING_CANCELLED").status("CANCELLED").with(by_host).booking();
  EXPECT_EQ(gone.cancelled_at, kAt);
  EXPECT_EQ(gone.cancelled_by, "host");

  const BookingState awaiting = Told("BOOKING_CANCELLED")
                                    .status("CANCELLED")
                                    .with([](Webhook& w) { w.request_reschedule = true; })
                                    .booking();
  EXPECT_EQ(awaiting.awaiting_at, kAt);
  EXPECT_FALSE(awaiting.cancelled_at);

  Told seat = Told("BOOKING_CANCELLED").status("CANCELLED").attendee(1);
  seat.webhook.single_seat = true;
  EXPECT_FALSE(seat.booking().cancelled_at);
  EXPECT_FALSE(seat.booking().customer);
  EXPECT_FALSE(seat.attendee_told(0).active);
  EXPECT_EQ(seat.attendee_told(0).active_at, kAt);

  EXPECT_EQ(Told("BOOKING_REJECTED").status("REJECTED").booking().rejected_at, kAt);
  EXPECT_EQ(Told("BOOKING_LOCATION_UPDATED").status("REJECTED").booking().rejected_at, kSometime);
}

TEST(Evidence, NoShows) {
  Told marked = Told("BOOKING_NO_SHOW_UPDATED").attendee(1, true).attendee(2, false).attendee(3);
  EXPECT_EQ(marked.booking().accepted_at, kSometime);
  EXPECT_FALSE(marked.booking().customer) << "it names only those who changed";
  EXPECT_EQ(marked.attendee_told(0).no_show, true);
  EXPECT_EQ(marked.attendee_told(1).no_show, false);
  EXPECT_FALSE(marked.attendee_told(2).no_show);
  EXPECT_FALSE(marked.attendee_told(2).no_show_at);
  EXPECT_EQ(marked.attendee_told(0).active_at, kAlways);
  EXPECT_EQ(marked.attendee_told(0).position, 1000);

  Told snapshot = Told("MEETING_ENDED", Envelope::flat).attendee(1, false).attendee(2, true);
  EXPECT_FALSE(snapshot.attendee_told(0).no_show) << "snapshots say false by default";
  EXPECT_EQ(snapshot.attendee_told(1).no_show, true);
  EXPECT_EQ(snapshot.attendee_told(1).position, 2);

  EXPECT_EQ(Told("AFTER_GUESTS_CAL_VIDEO_NO_SHOW").attendee(1).attendee_told(0).no_show, true);
  Told host = Told("AFTER_HOSTS_CAL_VIDEO_NO_SHOW").attendee(1);
  host.webhook.host_no_show = true;
  EXPECT_FALSE(host.attendee_told(0).no_show);
  EXPECT_EQ(host.booking().host_no_show, true);
  EXPECT_EQ(host.booking().host_no_show_at, kAt);
}

TEST(Evidence, ALegThatReplacesAnother) {
  Told moved = Told("BOOKING_RESCHEDULED").with([](Webhook& w) {
    w.booking_id = 8;
    w.reschedule_uid = "before";
    w.reschedule_booking_id = 7;
    w.reschedule_starts_at = 50;
    w.reschedule_ends_at = 40;
  });
  EXPECT_TRUE(has_predecessor(moved.webhook));
  EXPECT_FALSE(moves_seat(moved.webhook));
  EXPECT_EQ(moved.booking().reschedule_uid, "before");
  EXPECT_EQ(moved.booking().booking_id, 8);
  const BookingState left = predecessor_evidence(moved.webhook);
  EXPECT_EQ(left.uid, "before");
  EXPECT_EQ(left.superseded_by, "leg");
  EXPECT_EQ(left.booking_id, 7);
  EXPECT_EQ(left.starts_at, Moment{50});
  EXPECT_FALSE(left.ends_at) << "an end before the start is none";
  EXPECT_EQ(left.schedule_at, kAlways);

  moved.webhook.reschedule_uid = "leg";
  EXPECT_FALSE(has_predecessor(moved.webhook));
  EXPECT_FALSE(moved.booking().reschedule_uid);
}

TEST(Evidence, ASeatThatMovesLeavesBothStanding) {
  Told moved = Told("BOOKING_RESCHEDULED").attendee(4).with([](Webhook& w) {
    w.booking_id = 8;
    w.reschedule_uid = "before";
    w.seat_id = "seat";
  });
  EXPECT_TRUE(moves_seat(moved.webhook));
  EXPECT_FALSE(moved.booking().reschedule_uid);
  EXPECT_FALSE(moved.booking().booking_id);
  const BookingState left = predecessor_evidence(moved.webhook);
  EXPECT_EQ(left.moved_to, "leg");
  EXPECT_FALSE(left.superseded_by);
  const AttendeeState here = moved.attendee_told(0);
  EXPECT_EQ(here.seat_id, "seat");
  const AttendeeState there = seat_given_up(here, "before");
  EXPECT_EQ(there.uid, "before");
  EXPECT_EQ(there.customer, here.customer);
  EXPECT_FALSE(there.active);
  EXPECT_FALSE(there.seat_id);
}

TEST(Evidence, RegistersCarryTheTimeOfTelling) {
  Told told = Told("BOOKING_REASSIGNED").attendee(3).with([](Webhook& w) {
    w.host_id = 41;
    w.price = 900;
    w.currency = "EUR";
    w.starts_at = 10;
    w.ends_at = 20;
  });
  const BookingState b = told.booking();
  EXPECT_EQ(b.host, "host-41");
  EXPECT_EQ(b.host_at, kAt);
  EXPECT_EQ(b.price_at, kAt);
  EXPECT_EQ(b.schedule_at, kAt);
  EXPECT_EQ(b.ends_at, Moment{20});
  EXPECT_EQ(b.customer, PersonId{3});
  EXPECT_EQ(b.customer_at, kAt);
  EXPECT_FALSE(b.created_at);

  const BookingState nothing = Told("BOOKING_REASSIGNED").booking();
  EXPECT_FALSE(nothing.host_at);
  EXPECT_FALSE(nothing.price_at);
  EXPECT_FALSE(nothing.schedule_at);
}

TEST(Evidence, ASessionMakesOneBooking) {
  const auto named = [](Webhook& w) { w.session = "s"; };
  for (const char* trigger : {"BOOKING_CREATED", "BOOKING_REQUESTED", "BOOKING_PAYMENT_INITIATED"})
    EXPECT_EQ(session_evidence(Told(trigger).with(named).webhook), "s") << trigger;
  EXPECT_EQ(session_evidence(Told("MEETING_ENDED", Envelope::flat).with(named).webhook), "s")
      << "a flat body's time is that of the booking's creation";
  EXPECT_EQ(session_evidence(Told("BOOKING_CREATED").webhook), std::nullopt);

  for (const char* trigger : {"BOOKING_CANCELLED", "BOOKING_PAID", "BOOKING_NO_SHOW_UPDATED"})
    EXPECT_EQ(session_evidence(Told(trigger).with(named).webhook), std::nullopt) << trigger;
  const auto moved = [](Webhook& w) { w.reschedule_uid = "before"; };
  for (const char* trigger : {"BOOKING_RESCHEDULED", "BOOKING_REQUESTED"})
    EXPECT_EQ(session_evidence(Told(trigger).with(named).with(moved).webhook), std::nullopt)
        << trigger << " of a leg that replaces another";
}

TEST(Evidence, Triggers) {
  EXPECT_EQ(booking_trigger("BOOKING_CREATED"), Trigger::created);
  EXPECT_EQ(booking_trigger("MEETING_STARTED"), Trigger::meeting_started);
  EXPECT_FALSE(booking_trigger("PING"));
  EXPECT_FALSE(booking_trigger(""));
  EXPECT_FALSE(booking_trigger("ZZZ"));
  EXPECT_TRUE(is_known_trigger("PING"));
  EXPECT_TRUE(is_known_trigger("BOOKING_PAID"));
  EXPECT_FALSE(is_known_trigger("BOOKING_TELEPORTED"));
}

}  // namespace
}  // namespace calytics::core
