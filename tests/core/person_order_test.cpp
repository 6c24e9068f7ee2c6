// What bookings of a person owe to each other: cases by hand, and random persons against the
// definition read aloud.
#include "core/booking/person_order.hpp"

#include <algorithm>
#include <string>
#include <tuple>
#include <vector>

#include <gtest/gtest.h>

#include "support.hpp"

namespace calytics::core {
namespace {

void place_all(std::vector<Placed>& bookings) {
  std::vector<Placed*> placed;
  for (Placed& booking : bookings)
    placed.push_back(&booking);
  std::vector<const Placed*> made(bookings.size());
  place(placed, made);
}

Placed visit(std::string_view root, Instant created_at, Instant starts_at) {
  Placed booking;
  booking.root = root;
  booking.visit = true;
  booking.created_at = created_at;
  booking.starts_at = starts_at;
  return booking;
}

TEST(PersonOrder, VisitsFollowEachOtherByStartThenRoot) {
  std::vector<Placed> all = {visit("c", 3, 50), visit("b", 1, 50), visit("a", 2, 10)};
  place_all(all);
  EXPECT_EQ(all[2].first_at, 10);
  EXPECT_EQ(all[2].previous_at, kUnknown);
  EXPECT_EQ(all[1].previous_at, 10);
  EXPECT_EQ(all[0].previous_at, 50);
  EXPECT_EQ(all[0].first_at, 10);
}

TEST(PersonOrder, NextIsWhatWasMadeAfterTheStart) {
  std::vector<Placed> all = {visit("a", 1, 10), visit("b", 10, 30), visit("c", 11, 40),
                             visit("d", 90, 20)};
  all[2].consultation = true;
  place_all(all);
  EXPECT_EQ(all[0].next_created_at, 11);
  EXPECT_EQ(all[0].session_at, 20);  // entered after the fact: made at its start
  EXPECT_EQ(all[1].next_created_at, kUnknown);
  EXPECT_EQ(all[3].next_created_at, kUnknown);
}

TEST(PersonOrder, WhatIsNoVisitOwesNothingAndIsStillBooked) {
  std::vector<Placed> all = {visit("a", 1, 10), visit("b", 15, kUnknown)};
  all[1].visit = false;
  place_all(all);
  EXPECT_EQ(all[0].next_created_at, 15);
  EXPECT_EQ(all[1].first_at, kUnknown);
  EXPECT_EQ(all[1].next_created_at, kUnknown);
}

void expect_as_defined(const std::vector<Placed>& all, const Placed& one) {
  Instant first = kUnknown;
  Instant next = kUnknown;
  Instant session = kUnknown;
  const Placed* previous = nullptr;
  const auto earlier = [](Instant a, Instant b) { return b == kUnknown || a < b ? a : b; };
  for (const Placed& other : all) {
    if (other.visit) {
      first = earlier(other.starts_at, first);
      const bool before = std::tie(other.starts_at, other.root) < std::tie(one.starts_at, one.root);
      if (before && (previous == nullptr || std::tie(previous->starts_at, previous->root) <
                                                std::tie(other.starts_at, other.root)))
        previous = &other;
    }
    if (other.created_at == kUnknown) continue;
    const Instant made = other.starts_at == kUnknown ? other.created_at
                                                     : std::min(other.created_at, other.starts_at);
    if (made <= one.starts_at) continue;
    next = earlier(made, next);
    if (!other.consultation) session = earlier(made, session);
  }
  EXPECT_EQ(one.first_at, first);
  EXPECT_EQ(one.previous_at, previous == nullptr ? kUnknown : previous->starts_at);
  EXPECT_EQ(one.next_created_at, next);
  EXPECT_EQ(one.session_at, session);
}

TEST(PersonOrder, RandomPersons) {
  auto generator = testing::make_generator();
  for (int person = 0; person < 2000; ++person) {
    std::vector<std::string> roots;
    for (std::uint64_t n = generator() % 12; n > 0; --n)
      roots.push_back(std::to_string(generator()));
    std::vector<Placed> all;
    const auto moment = [&] { return static_cast<Instant>(generator() % 20); };
    for (const std::string& root : roots) {
      all.push_back(visit(root, moment(), moment()));
      Placed& booking = all.back();
      booking.visit = generator() % 4 > 0;
      booking.consultation = generator() % 3 == 0;
      if (generator() % 8 == 0) booking.created_at = kUnknown;
      if (!booking.visit && generator() % 3 == 0) booking.starts_at = kUnknown;
    }
    place_all(all);
    for (const Placed& one : all) {
      if (one.visit) {
        expect_as_defined(all, one);
      } else {
        EXPECT_EQ(one.first_at, kUnknown);
        EXPECT_EQ(one.session_at, kUnknown);
      }
    }
  }
}

}  // namespace
}  // namespace calytics::core
