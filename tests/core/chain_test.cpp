// Bookings made of legs, by hand: what the current leg doesn't tell comes from those behind it, and
// times that nobody told fall back.
#include "core/booking/chain.hpp"

#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "core/time/local_time.hpp"

namespace calytics::core {
namespace {

constexpr std::int64_t kMinute = kHour / 60;

struct Made {
  std::vector<Leg> legs;
  std::vector<Instant> hops;
  Chain chain;

  explicit Made(std::vector<Leg> told) : legs(std::move(told)), hops(legs.size()) {
    chain = chain_of(legs, hops);
  }
  const Chain* operator->() const { return &chain; }
};

Leg root(std::string_view status) {
  Leg leg;
  leg.uid = leg.root_uid = "root";
  leg.status = status;
  leg.created_at = 10 * kMinute;
  leg.starts_at = 100 * kMinute;
  leg.ends_at = 190 * kMinute;
  leg.seats = 1;
  return leg;
}

Leg hop(std::string_view uid, int hops, Instant created_at) {
  Leg leg = root("accepted");
  leg.uid = uid;
  leg.hops = hops;
  leg.created_at = created_at;
  leg.starts_at = 500 * kMinute;
  leg.ends_at = 530 * kMinute + 59;
  return leg;
}

TEST(Chain, OneAcceptedLeg) {
  Leg leg = root("accepted");
  leg.accepted_at = 20 * kMinute;
  leg.event_type = 7;
  leg.service = "Consultation";
  leg.host = "ada";
  const Made made({leg});
  EXPECT_EQ(made->legs, 1);
  EXPECT_EQ(made->hops, 0);
  EXPECT_TRUE(made->hopped_at.empty());
  EXPECT_EQ(made->confirmed_at, leg.accepted_at);
  EXPECT_EQ(made->minutes, 90);
  EXPECT_EQ(made->lead, 90);
  EXPECT_EQ(made->event_type, 7);
  EXPECT_FALSE(made->service_key);
  EXPECT_EQ(made->service, "Consultation");
  EXPECT_EQ(made->host, "ada");
  EXPECT_FALSE(made->no_show);
}

TEST(Chain, LegsBehindTellWhatTheCurrentOneDoesNot) {
  std::vector<Leg> legs = {hop("b", 2, 60 * kMinute), hop("a", 1, 40 * kMinute),
                           root("superseded")};
  legs[1].service = "small";
  legs[1].event_type = 8;
  legs[1].price = 500;
  legs[1].currency = "EUR";
  legs[1].has_customer = true;
  legs[2].service = "large";
  legs[2].price = 900;
  legs[2].currency = "USD";
  legs[2].has_customer = true;
  legs[2].accepted_at = 11 * kMinute;
  legs[0].accepted_at = 61 * kMinute;
  const Made made(legs);
  EXPECT_EQ(made->legs, 3);
  EXPECT_EQ(made->hops, 2);
  ASSERT_EQ(made->hopped_at.size(), 2U);
  EXPECT_EQ(made->hopped_at[0], 40 * kMinute);
  EXPECT_EQ(made->hopped_at[1], 60 * kMinute);
  EXPECT_EQ(made->event_type, 8);
  EXPECT_EQ(made->service, "small");
  EXPECT_EQ(made->price, 500);
  EXPECT_EQ(made->currency, "EUR");
  EXPECT_EQ(made->customer_of, &made.legs[2]);
  EXPECT_EQ(made->confirmed_at, 11 * kMinute);
  EXPECT_EQ(made->created_at, 10 * kMinute);
  EXPECT_EQ(made->lead, 90);
  EXPECT_EQ(made->minutes, 30);
}

TEST(Chain, ARequestCancelledBeforeItWasConfirmedIsWithdrawn) {
  Leg leg = root("cancelled");
  leg.cancelled_at = 50 * kMinute;
  leg.cancelled_by = "customer";
  const Made withdrawn({leg});
  EXPECT_TRUE(withdrawn->withdrawn);
  EXPECT_EQ(withdrawn->cancelled_at, kUnknown);
  EXPECT_FALSE(withdrawn->cancelled_by);
  EXPECT_FALSE(withdrawn->has_notice);

  leg.accepted_at = 20 * kMinute;
  const Made cancelled({leg});
  EXPECT_FALSE(cancelled->withdrawn);
  EXPECT_EQ(cancelled->cancelled_at, 50 * kMinute);
  EXPECT_EQ(cancelled->cancelled_by, "customer");
  EXPECT_TRUE(cancelled->has_notice);
  EXPECT_EQ(cancelled->minutes, 0);
}

TEST(Chain, WhatIsKnownOnlyToHaveComeFallsBack) {
  Leg leg = root("cancelled");
  leg.accepted_at = leg.cancelled_at = leg.paid_at = kNoEnd;
  const Made made({leg});
  EXPECT_EQ(made->confirmed_at, leg.created_at);
  EXPECT_EQ(made->paid_at, leg.created_at);
  EXPECT_EQ(made->cancelled_at, leg.starts_at);
  EXPECT_FALSE(made->has_notice);

  // A cancellation is all that is known: it must have been confirmed, sometime.
  Leg lone = leg;
  lone.created_at = lone.accepted_at = kUnknown;
  const Made late({lone});
  EXPECT_EQ(late->legs, 0);
  EXPECT_FALSE(late->withdrawn);
  EXPECT_EQ(late->confirmed_at, lone.starts_at);
}

TEST(Chain, NoShowsAreOfWholeAcceptedBookings) {
  Leg leg = root("accepted");
  leg.seats = 2;
  leg.no_shows = 1;
  leg.host_no_show = true;
  EXPECT_FALSE(Made({leg})->no_show);
  EXPECT_TRUE(Made({leg})->host_no_show);
  leg.no_shows = 2;
  EXPECT_TRUE(Made({leg})->no_show);
  leg.status = "cancelled";
  EXPECT_FALSE(Made({leg})->no_show);
  EXPECT_FALSE(Made({leg})->host_no_show);
}

TEST(Chain, ALateRootAndAnUnknownOne) {
  Leg leg = root("accepted");
  leg.created_at = 300 * kMinute;
  EXPECT_EQ(Made({leg})->lead, 0);
  leg.ends_at = kUnknown;
  EXPECT_EQ(Made({leg})->ended_at, leg.starts_at);
  EXPECT_EQ(Made({leg})->minutes, 0);
  leg.created_at = kUnknown;
  EXPECT_EQ(Made({leg})->lead, std::nullopt);
  leg.uid = "leg";
  EXPECT_EQ(Made({leg})->created_at, kUnknown);
  EXPECT_EQ(Made({leg})->lead, std::nullopt);
}

}  // namespace
}  // namespace calytics::core
