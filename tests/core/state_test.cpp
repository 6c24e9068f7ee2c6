// The laws of the join, on random accounts of a leg, an attendee and a booking's texts, with values
// few enough to meet and to tie.
#include <algorithm>
#include <array>
#include <initializer_list>
#include <random>
#include <vector>

#include <gtest/gtest.h>

#include "core/booking/attendee_state.hpp"
#include "core/booking/booking_state.hpp"
#include "core/booking/booking_texts.hpp"
#include "support.hpp"

namespace calytics::core {
namespace {

using Text = std::optional<std::string_view>;

constexpr int kRounds = 20'000;

class Dice {
 public:
  template <class T>
  T pick(std::initializer_list<T> choices) {
    return choices.begin()[generator_() % choices.size()];
  }
  bool flag() { return pick({false, true}); }
  std::optional<std::int64_t> number() {
    return pick<std::optional<std::int64_t>>({std::nullopt, 0, 1, 2});
  }
  Text text() { return pick<Text>({std::nullopt, "", "a", "b"}); }
  std::optional<Moment> moment() {
    return pick<std::optional<Moment>>(
        {std::nullopt, kAlways, Moment{1}, Moment{2}, Moment{3}, kSometime});
  }
  PersonId person() { return {pick<std::uint8_t>({0, 1, 200})}; }

 private:
  std::mt19937_64 generator_ = testing::make_generator();
};

BookingState random_booking(Dice& dice) {
  BookingState b;
  b.uid = b.root_uid = "u";
  b.booking_id = dice.number();
  b.reschedule_uid = dice.text();
  b.superseded_by = dice.pick<Text>({std::nullopt, std::nullopt, "x", "y"});
  b.moved_to = dice.pick<Text>({std::nullopt, std::nullopt, "x", "y"});
  b.created_at = dice.moment();
  b.accepted_at = dice.moment();
  b.rejected_at = dice.moment();
  b.awaiting_at = dice.moment();
  b.cancelled_at = dice.moment();
  if (b.cancelled_at) b.cancelled_by = dice.pick<Text>({std::nullopt, "host", "customer", "other"});
  b.paid_at = dice.moment();
  b.payment_id = dice.number();
  b.schedule_at = dice.moment();
  if (b.schedule_at) {
    b.starts_at = dice.moment();
    b.ends_at = dice.moment();
  }
  b.event_type_id = dice.number();
  b.service = dice.text();
  b.price_at = dice.moment();
  if (b.price_at) {
    b.price = dice.number();
    b.currency = dice.text();
  }
  b.host_at = dice.moment();
  if (b.host_at) {
    b.host = dice.text();
    b.host_id = dice.number();
  }
  b.customer_at = dice.moment();
  if (b.customer_at) b.customer = dice.person();
  b.seats_per_slot = dice.number();
  b.recurring = dice.flag();
  b.series = dice.text();
  b.host_no_show_at = dice.moment();
  if (b.host_no_show_at) b.host_no_show = dice.flag();
  return b;
}

AttendeeState random_attendee(Dice& dice) {
  AttendeeState a;
  a.position = dice.pick({1, 2, 1000});
  a.seat_id = dice.text();
  a.active = dice.flag();
  a.active_at = dice.moment().value_or(Moment{2});
  a.no_show_at = dice.moment();
  if (a.no_show_at) a.no_show = dice.flag();
  return a;
}

BookingTexts random_texts(Dice& dice) {
  BookingTexts t;
  t.told_at = dice.moment();
  if (t.told_at) {
    t.title = dice.text();
    t.location = dice.text();
    t.notes = dice.text();
    t.answers = dice.text();
    t.metadata = dice.text();
  }
  t.reason_at = dice.moment();
  if (t.reason_at) t.reason = dice.text();
  return t;
}

template <class Make>
void expect_laws(Make make) {
  Dice dice;
  int different = 0;
  for (int round = 0; round < kRounds; ++round) {
    const auto a = make(dice);
    const auto b = make(dice);
    const auto c = make(dice);
    const auto ab = join(a, b);
    ASSERT_EQ(ab, join(b, a)) << "not commutative, round " << round;
    ASSERT_EQ(join(ab, c), join(a, join(b, c))) << "not associative, round " << round;
    ASSERT_EQ(join(a, a), a) << "not idempotent, round " << round;
    ASSERT_EQ(join(ab, b), ab) << "a repeat changes something, round " << round;
    different += a == b ? 0 : 1;
  }
  EXPECT_GT(different, kRounds / 2);
}

TEST(State, BookingsJoin) {
  expect_laws(random_booking);
}

TEST(State, AttendeesJoin) {
  expect_laws(random_attendee);
}

TEST(State, TextsJoin) {
  expect_laws(random_texts);
}

// Each register by a rule written down a second time: the accounts sorted, the first or the last of
// them taken.
TEST(State, RegistersHoldWhatWasToldFirstOrLast) {
  Dice dice;
  for (int round = 0; round < kRounds; ++round) {
    std::vector<BookingState> told;
    for (int i = 0; i < 5; ++i)
      told.push_back(random_booking(dice));
    BookingState all;
    all.uid = all.root_uid = "u";
    for (const BookingState& one : told)
      all = join(all, one);

    const auto first = [&](auto at, auto... more) {
      auto known = told;
      std::erase_if(known, [&](const BookingState& b) { return !(b.*at); });
      std::ranges::sort(known, {},
                        [&](const BookingState& b) { return std::tuple(b.*at, b.*more...); });
      return known.empty() ? BookingState() : known.front();
    };
    const auto last = [&](auto at, auto... more) {
      return *std::ranges::max_element(
          told, {}, [&](const BookingState& b) { return std::tuple(b.*at, b.*more...); });
    };
    using B = BookingState;
    ASSERT_EQ(all.created_at, first(&B::created_at).created_at);
    ASSERT_EQ(all.accepted_at, first(&B::accepted_at).accepted_at);
    ASSERT_EQ(all.price, first(&B::price_at, &B::price, &B::currency).price);
    ASSERT_EQ(all.currency, first(&B::price_at, &B::price, &B::currency).currency);
    ASSERT_EQ(all.customer, first(&B::customer_at, &B::customer).customer);
    ASSERT_EQ(all.starts_at, last(&B::schedule_at, &B::starts_at, &B::ends_at).starts_at);
    ASSERT_EQ(all.ends_at, last(&B::schedule_at, &B::starts_at, &B::ends_at).ends_at);
    ASSERT_EQ(all.host, last(&B::host_at, &B::host, &B::host_id).host);
    ASSERT_EQ(all.host_no_show, last(&B::host_no_show_at, &B::host_no_show).host_no_show);
    ASSERT_EQ(all.superseded_by, last(&B::superseded_by).superseded_by);
    ASSERT_EQ(all.recurring, last(&B::recurring).recurring);
  }
}

// What a status says is never taken back by learning more, but for what outranks it.
TEST(State, StatusOnlyEverRises) {
  constexpr auto kRanks = std::to_array<std::string_view>(
      {"pending", "accepted", "awaiting_rebook", "rejected", "cancelled", "superseded"});
  const auto rank = [&](const BookingState& b) { return std::ranges::find(kRanks, status_of(b)); };
  Dice dice;
  for (int round = 0; round < kRounds; ++round) {
    const BookingState a = random_booking(dice);
    ASSERT_LT(rank(a), kRanks.end());
    ASSERT_LE(rank(a), rank(join(a, random_booking(dice))));
  }
}

TEST(State, ASlotThatASeatLeftIsSupersededOnceItIsEmpty) {
  BookingState b;
  b.accepted_at = Moment{1};
  b.moved_to = "other";
  b.seats = 1;
  EXPECT_EQ(status_of(b), "accepted");
  b.seats = 0;
  EXPECT_EQ(status_of(b), "superseded");
}

TEST(State, TimesOfTellingDoNotShow) {
  BookingState a;
  a.price = 5;
  a.price_at = Moment{1};
  BookingState b = a;
  b.price_at = Moment{2};
  EXPECT_TRUE(looks_alike(a, b));
  b.price = 6;
  EXPECT_FALSE(looks_alike(a, b));
}

TEST(State, AttendanceIsJoinedByPerson) {
  const auto person = [](std::uint8_t id, std::int64_t at, bool active) {
    AttendeeState a;
    a.customer = {id};
    a.active_at = Moment{at};
    a.active = active;
    return a;
  };
  std::vector<AttendeeState> people = {person(2, 1, true), person(5, 1, true), person(9, 1, true)};
  people.resize(5);
  const std::vector<AttendeeState> told = {person(7, 1, true), person(5, 2, false)};
  std::array<bool, 5> changed{};
  const Attendance attendance = join(people, 3, told, changed);
  ASSERT_EQ(attendance.people.size(), 4U);
  EXPECT_EQ(attendance.known, 3U);
  EXPECT_EQ(attendance.people[3].customer, told[0].customer);
  EXPECT_EQ(changed, (std::array<bool, 5>{false, true, false, true, false}));
  EXPECT_EQ(attendance.seats(), 3);
  EXPECT_EQ(attendance.no_shows(), 0);
}

}  // namespace
}  // namespace calytics::core
