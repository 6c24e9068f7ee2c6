// Sessions and funnels that grow event by event are those of all their events at once, counted here
// in the plainest way.

#include "core/tracking/track_facts.hpp"

#include <algorithm>
#include <iterator>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "core/tracking/funnel.hpp"

namespace {

using namespace calytics::core;

constexpr std::int64_t kSecond = 1'000'000;
constexpr std::int64_t kMinute = 60 * kSecond;

class TrackFacts : public testing::Test {
 protected:
  TrackFacts() : seed_(std::random_device{}()), random_(seed_) {
    RecordProperty("seed", std::to_string(seed_));
  }

  std::int64_t up_to(std::int64_t most) {
    return std::uniform_int_distribution<std::int64_t>(0, most)(random_);
  }

  TrackedEvent event(std::int64_t within) {
    static constexpr std::string_view names[] = {"a", "b", "c"};
    TrackedEvent event;
    event.at = up_to(within / kMinute) * kMinute;
    event.received_at = event.at + up_to(5) * kSecond;
    event.kind = static_cast<EventKind>(up_to(6));
    if (up_to(4) == 0) event.uid = names[up_to(2)];
    if (up_to(3) == 0) event.id = names[up_to(2)];
    if (up_to(2) == 0) event.origin[static_cast<std::size_t>(up_to(3))] = names[up_to(2)];
    return event;
  }

  std::vector<TrackedEvent> events(std::int64_t within) {
    std::vector<TrackedEvent> events(static_cast<std::size_t>(1 + up_to(30)));
    for (TrackedEvent& e : events)
      e = event(within);
    return events;
  }

  unsigned seed_;
  std::mt19937 random_;
};

std::vector<SessionFact> joined(std::vector<SessionFact> facts) {
  facts.resize(join_sessions(facts));
  return facts;
}

TEST_F(TrackFacts, SessionsDontDependOnTheOrderOfEvents) {
  for (int round = 0; round < 2000; ++round) {
    std::vector<TrackedEvent> all = events(10 * 60 * kMinute);
    std::vector<SessionFact> at_once;
    for (const TrackedEvent& event : all)
      at_once.push_back(session_of(event));
    at_once = joined(at_once);
    std::shuffle(all.begin(), all.end(), random_);
    std::vector<SessionFact> one_by_one;
    for (const TrackedEvent& event : all) {
      one_by_one.push_back(session_of(event));
      if (up_to(1) == 0) one_by_one = joined(one_by_one);
    }
    ASSERT_EQ(at_once, joined(one_by_one)) << "seed " << seed_;
  }
}

TEST_F(TrackFacts, ASessionIsEventsNoMoreThanHalfAnHourApart) {
  for (int round = 0; round < 2000; ++round) {
    const std::vector<TrackedEvent> all = events(10 * 60 * kMinute);
    std::vector<SessionFact> facts;
    std::vector<std::int64_t> times;
    for (const TrackedEvent& event : all) {
      facts.push_back(session_of(event));
      times.push_back(event.at);
    }
    std::ranges::sort(times);
    std::size_t sessions = 1;
    for (std::size_t i = 1; i < times.size(); ++i)
      sessions += times[i] - times[i - 1] > 30 * kMinute ? 1 : 0;
    facts = joined(facts);
    ASSERT_EQ(facts.size(), sessions) << "seed " << seed_;
    std::int32_t counted = 0;
    for (const SessionFact& fact : facts) {
      const auto in = [&](const TrackedEvent& e) {
        return e.at >= fact.began_at && e.at <= fact.ended_at;
      };
      ASSERT_EQ(fact.events, std::ranges::count_if(all, in)) << "seed " << seed_;
      ASSERT_EQ(fact.claimed, std::ranges::any_of(all,
                                                  [&](const TrackedEvent& e) {
                                                    return in(e) && e.kind == EventKind::complete;
                                                  }))
          << "seed " << seed_;
      counted += fact.events;
    }
    ASSERT_EQ(static_cast<std::size_t>(counted), all.size()) << "seed " << seed_;
  }
}

TEST_F(TrackFacts, AFunnelThatGrowsIsTheWalkThroughAllOfItsEvents) {
  for (int round = 0; round < 2000; ++round) {
    std::vector<TrackedEvent> all = events(40 * 60 * kMinute);
    if (up_to(1) == 0) {
      TrackedEvent booking;
      booking.at = up_to(40 * 60) * kMinute;
      booking.uid = "b";
      booking.told = true;
      std::ranges::copy(booked_steps(booking), std::back_inserter(all));
    }
    std::erase_if(all, [](const TrackedEvent& e) { return !concerns_funnel(e); });
    std::ranges::stable_sort(all, {}, &TrackedEvent::at);
    FunnelFact fact;
    std::vector<FunnelEvent> steps;
    for (const TrackedEvent& event : all) {
      ASSERT_TRUE(add_to_funnel(fact, event));
      if (event.kind <= EventKind::submit)
        steps.push_back({event.at, static_cast<std::uint32_t>(event.kind)});
      if (event.uid.data() != nullptr) steps.push_back({event.at, 4});
    }
    constexpr std::array<std::uint32_t, 5> types = {0, 1, 2, 3, 4};
    std::array<std::int64_t, 5> times = {};
    const std::size_t reached = walk_funnel(steps, types, 24 * 60 * kMinute, false, times.data());
    ASSERT_TRUE(std::ranges::equal(fact.ways(), std::span(times.data(), reached)))
        << "seed " << seed_;
  }
}

TEST_F(TrackFacts, ABookingThatNoPageTellsOfHasTakenTheStepsSinceTheView) {
  TrackedEvent booking;
  booking.at = booking.received_at = 9 * kMinute;
  booking.uid = "b";
  booking.told = true;
  TrackedEvent view;
  view.kind = EventKind::view;
  view.at = kMinute;
  for (const bool viewed : {false, true}) {
    FunnelFact fact;
    if (viewed) {
      ASSERT_TRUE(add_to_funnel(fact, view));
    }
    for (const TrackedEvent& step : booked_steps(booking))
      ASSERT_TRUE(add_to_funnel(fact, step));
    EXPECT_EQ(fact.steps, viewed ? 5U : 0U);
    EXPECT_EQ(fact.started_at, viewed ? view.at : booking.at);
    EXPECT_EQ(fact.ended_at, booking.at);
    EXPECT_EQ(fact.uid, "b");
    EXPECT_EQ(fact.times[1], kNever) << "of that the page said nothing";
    if (viewed) {
      EXPECT_EQ(fact.reached[4], booking.at);
    }
  }
  const SessionFact session = session_of(booking);
  EXPECT_EQ(session.events, 0);
  EXPECT_TRUE(session.booked);
  EXPECT_FALSE(session.claimed);
}

TEST_F(TrackFacts, AFunnelRefusesWhatHappenedBefore) {
  FunnelFact fact;
  TrackedEvent event;
  event.kind = EventKind::select;
  event.at = 5 * kMinute;
  ASSERT_TRUE(add_to_funnel(fact, event));
  ASSERT_TRUE(add_to_funnel(fact, event));
  event.at -= 1;
  const FunnelFact before = fact;
  EXPECT_FALSE(add_to_funnel(fact, event));
  EXPECT_EQ(fact, before);
}

}  // namespace
