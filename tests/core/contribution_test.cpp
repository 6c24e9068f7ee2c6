// What facts contribute, worked out by hand: each basis, the clocks of a zone that changes them,
// weeks that start on any day, money, and the edges of 64 bits.
#include "core/metrics/contribution.hpp"

#include <array>
#include <limits>
#include <map>
#include <string>
#include <tuple>
#include <vector>

#include <gtest/gtest.h>

#include "core/metrics/cells.hpp"
#include "core/time/local_time.hpp"

namespace calytics::core {
namespace {

using Counts = std::map<int, std::int64_t>;
using Key = std::tuple<Basis, Instant, std::string>;

constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t kMinute = kHour / 60;

Instant at(int year, int month, int day, int hour = 0, int minute = 0) {
  return local_of({year, month, day}) + hour * kHour + minute * kMinute;
}

// Clocks that go forward by an hour on 2024-03-31 and back on 2024-10-27, both at 01:00 of UTC.
std::int64_t central_european(const void*, Instant instant) {
  const bool summer = instant >= at(2024, 3, 31, 1) && instant < at(2024, 10, 27, 1);
  return instant + (summer ? 2 : 1) * kHour;
}

Rules rules() {
  Rules result;
  result.late_notice = 48 * kHour;
  result.lapse_after = result.rebook_within = result.convert_within = 720 * kHour;
  result.local = central_european;
  return result;
}

struct Told {
  TallyStatus status = TallyStatus::ok;
  std::map<Key, Counts> counts;
  std::vector<Basis> bases;
};

void take(void* context, const Contribution& contribution) {
  auto& told = *static_cast<Told*>(context);
  told.bases.push_back(contribution.basis);
  Counts& counts =
      told.counts[{contribution.basis, contribution.at, std::string(contribution.currency)}];
  int last = -1;
  for (const auto& [index, count] : contribution.counts) {
    EXPECT_LT(last, index);
    EXPECT_NE(count, 0);
    last = index;
    counts[index] += count;
  }
}

Told told_by(const Fact& fact, const Rules& by = rules(), unsigned bases = kAllBases) {
  Told told;
  told.status = contribute(fact, by, bases, take, &told);
  return told;
}

// A visit on Monday 2024-04-01 at 10:30 of summer time, booked two days before.
Fact visit() {
  Fact fact;
  fact.status = "accepted";
  fact.has_customer = true;
  fact.created_at = at(2024, 3, 30, 8, 30);
  fact.legs = 1;
  fact.confirmed_at = fact.created_at;
  fact.starts_at = at(2024, 4, 1, 8, 30);
  fact.ended_at = at(2024, 4, 1, 10);
  fact.minutes = 90;
  fact.has_lead = true;
  fact.lead = 2880;
  fact.has_price = true;
  fact.price = 12000;
  fact.currency = "EUR";
  fact.first_at = fact.starts_at;
  return fact;
}

int lead_cell() {
  return kLeadBins + 64 + 5 * 32 + 13;  // 2048 + 13 * 64 = 2880
}

Counts booked() {
  return {{1, 1},      {2, 1},      {3, 1},  {4, 1},     {19, 1},  {20, 90},
          {21, 12000}, {22, 12000}, {27, 1}, {28, 2880}, {103, 1}, {lead_cell(), 1}};
}

TEST(Contribution, AFirstVisit) {
  const Fact fact = visit();
  const Told told = told_by(fact);
  Counts service = booked();
  for (const int index : {29, 30, 32, 33, 34, 35, 36})
    service[index] = 1;
  service[kHoursOfWeek + 10] = 1;
  const std::map<Key, Counts> expected = {
      {{Basis::booked, fact.created_at, "EUR"}, booked()},
      {{Basis::service, fact.starts_at, "EUR"}, service},
      {{Basis::event, fact.created_at, "EUR"}, {{1, 1}, {2, 1}, {3, 1}}},
      {{Basis::cohort, fact.starts_at, "EUR"}, {{2000, 1}, {3000, 12000}}}};
  EXPECT_EQ(told.status, TallyStatus::ok);
  EXPECT_EQ(told.counts, expected);
}

TEST(Contribution, OnlyTheBasesAskedFor) {
  for (const Basis basis : {Basis::booked, Basis::service, Basis::event, Basis::cohort}) {
    const Told told = told_by(visit(), rules(), static_cast<unsigned>(basis));
    EXPECT_FALSE(told.bases.empty());
    for (const Basis other : told.bases)
      EXPECT_EQ(other, basis);
  }
  EXPECT_TRUE(told_by(visit(), rules(), 0).bases.empty());
  EXPECT_TRUE(told_by(Fact{}).bases.empty());
}

Counts service_of(const Fact& fact, const Rules& by = rules()) {
  const Told told = told_by(fact, by, static_cast<unsigned>(Basis::service));
  EXPECT_EQ(told.status, TallyStatus::ok);
  return told.counts.empty() ? Counts{} : told.counts.begin()->second;
}

// Which of the units day to year have the measure that begins at `first`.
std::string units_of(const Counts& counts, int first) {
  std::string units;
  for (int i = 0; i < 5; ++i) {
    if (counts.contains(first + i)) units += "dwmqy"[i];
  }
  return units;
}

TEST(Contribution, PeopleByCalendarPeriod) {
  Fact fact = visit();
  fact.first_at = at(2023, 3, 1);
  const auto people = [&](Instant previous, int week_start = 1) {
    fact.previous_at = previous;
    Rules by = rules();
    by.week_start = week_start;
    const Counts counts = service_of(fact, by);
    return units_of(counts, 32) + "/" + units_of(counts, 37);
  };
  // Midnight of 2024-04-01 is 22:00 of UTC the day before, since the clocks went forward.
  EXPECT_EQ(people(at(2024, 3, 31, 22)), "/");
  EXPECT_EQ(people(at(2024, 3, 31, 22) - 1), "dwmq/dwmq");
  EXPECT_EQ(people(at(2024, 3, 31, 22) - 1, 7), "dmq/dmq");
  EXPECT_EQ(people(at(2023, 12, 31, 23)), "dwmq/dwmq");
  EXPECT_EQ(people(at(2023, 12, 31, 23) - 1), "dwmqy/dwmqy");
  // 365 days before 2024-04-01 is 2023-04-02, for 2024 has a leap day; before the year, 2023-01-01.
  EXPECT_EQ(people(at(2023, 4, 1, 23)), "dwmqy/dwmqy");
  EXPECT_EQ(people(at(2023, 4, 1, 23) - 1), "dwmqy/y");
  EXPECT_EQ(people(at(2022, 12, 31, 23)), "dwmqy/y");
  EXPECT_EQ(people(at(2022, 12, 31, 23) - 1), "dwmqy/");
}

TEST(Contribution, TheHourOfAStartIsTheClocks) {
  Fact fact = visit();
  const auto hour = [&](Instant starts) {
    fact.starts_at = starts;
    const Counts counts = service_of(fact);
    const auto cell = counts.lower_bound(kHoursOfWeek);
    return cell->first - kHoursOfWeek;
  };
  EXPECT_EQ(hour(at(2024, 3, 31, 0, 59)), 6 * 24 + 1);
  EXPECT_EQ(hour(at(2024, 3, 31, 1)), 6 * 24 + 3);
  EXPECT_EQ(hour(at(2024, 10, 27, 0, 30)), 6 * 24 + 2);
  EXPECT_EQ(hour(at(2024, 10, 27, 1, 30)), 6 * 24 + 2);
  EXPECT_EQ(hour(at(2024, 3, 31, 22)), 0);
}

TEST(Contribution, WhatFollowsAVisit) {
  Fact fact = visit();
  fact.consultation = true;
  fact.next_created_at = fact.session_at = fact.ended_at + 720 * kHour;
  Counts counts = service_of(fact);
  EXPECT_TRUE(counts.contains(42) && counts.contains(43) && counts.contains(44));
  fact.next_created_at += 1;
  fact.session_at += 1;
  counts = service_of(fact);
  EXPECT_TRUE(!counts.contains(42) && counts.contains(43) && !counts.contains(44));
  fact.consultation = false;
  fact.session_at = fact.ended_at;
  counts = service_of(fact);
  EXPECT_TRUE(!counts.contains(43) && !counts.contains(44));
}

TEST(Contribution, NoVisitWithoutAPersonWhoCame) {
  Fact fact = visit();
  fact.has_customer = false;
  EXPECT_FALSE(service_of(fact).contains(29));
  fact = visit();
  fact.no_show = true;
  const Counts counts = service_of(fact);
  EXPECT_TRUE(counts.contains(13) && counts.contains(19) && counts.contains(kHoursOfWeek + 10));
  EXPECT_TRUE(!counts.contains(4) && !counts.contains(22) && !counts.contains(29));
  EXPECT_TRUE(told_by(fact, rules(), static_cast<unsigned>(Basis::cohort)).bases.empty());
}

TEST(Contribution, ACohortCountsMonthsByTheCalendar) {
  Fact fact = visit();
  const auto cohort = [&](Instant first, Instant previous) {
    fact.first_at = first;
    fact.previous_at = previous;
    const Told told = told_by(fact, rules(), static_cast<unsigned>(Basis::cohort));
    return told.counts.at({Basis::cohort, first, "EUR"});
  };
  const Instant last_of_january = at(2024, 1, 31, 22);
  EXPECT_EQ(cohort(last_of_january, last_of_january), (Counts{{2003, 1}, {3003, 12000}}));
  EXPECT_EQ(cohort(at(2024, 1, 31, 23), at(2024, 3, 31, 23)), (Counts{{3002, 12000}}));
  EXPECT_EQ(cohort(at(1900, 1, 1), at(1900, 1, 1)), (Counts{{2999, 1}, {3999, 12000}}));
}

TEST(Contribution, ACancellation) {
  Fact fact = visit();
  fact.status = "cancelled";
  fact.minutes = 0;
  fact.cancelled_at = at(2024, 3, 30, 8, 30);
  fact.cancelled_by = "customer";
  fact.has_notice = true;
  fact.notice = 48 * kHour;
  const Key then = {Basis::event, fact.cancelled_at, "EUR"};
  EXPECT_EQ(told_by(fact).counts.at(then),
            (Counts{{1, 1}, {2, 1}, {3, 1}, {5, 1}, {6, 1}, {8, 1}, {9, 1}}));
  fact.notice += 1;
  fact.cancelled_by = "host";
  EXPECT_EQ(told_by(fact).counts.at(then), (Counts{{1, 1}, {2, 1}, {3, 1}, {5, 1}, {7, 1}}));
  EXPECT_FALSE(service_of(fact).contains(21));
}

TEST(Contribution, ABookingThatAwaitsANewTimeIsCancelledOnceItLapses) {
  Fact fact = visit();
  fact.status = "awaiting_rebook";
  fact.awaiting_at = at(2024, 3, 31);
  EXPECT_EQ(told_by(fact).counts.at({Basis::event, fact.awaiting_at + 720 * kHour, "EUR"}),
            (Counts{{5, 1}}));
  EXPECT_FALSE(service_of(fact).contains(17));
  fact.confirmed_at = kUnknown;
  EXPECT_TRUE(service_of(fact).contains(17));
  EXPECT_FALSE(service_of(fact).contains(5));
}

TEST(Contribution, HopsAndMoney) {
  Fact fact = visit();
  const std::array<Instant, 2> hopped = {at(2024, 3, 31, 1), at(2024, 3, 31, 2)};
  const std::array<Payment, 4> entries = {{{false, 500, "EUR", at(2024, 4, 2)},
                                           {true, 200, "EUR", at(2024, 4, 2)},
                                           {false, 900, "USD", at(2024, 4, 2)},
                                           {true, 0, "USD", at(2024, 4, 3)}}};
  fact.hopped_at = hopped;
  fact.hops = 2;
  fact.entries = entries;
  fact.paid_at = at(2024, 4, 1);
  const auto counts = told_by(fact).counts;
  EXPECT_EQ(counts.at({Basis::event, hopped[0], "EUR"}), (Counts{{2, 1}, {11, 1}, {12, 1}}));
  EXPECT_EQ(counts.at({Basis::event, hopped[1], "EUR"}), (Counts{{2, 1}, {12, 1}}));
  EXPECT_EQ(counts.at({Basis::event, fact.paid_at, "EUR"}), (Counts{{23, 12000}}));
  EXPECT_EQ(counts.at({Basis::event, at(2024, 4, 2), "EUR"}), (Counts{{23, 500}, {24, 200}}));
  EXPECT_EQ(counts.at({Basis::event, at(2024, 4, 2), "USD"}), (Counts{{23, 900}}));
  EXPECT_FALSE(counts.contains({Basis::event, at(2024, 4, 3), "USD"}));
  const Counts service = service_of(fact);
  EXPECT_EQ(service.at(12), 2);
  EXPECT_EQ(service.at(23), 12500);
  EXPECT_EQ(service.at(24), 200);
  EXPECT_EQ(service.at(25), 12500);
  EXPECT_EQ(service.at(26), 200);
  EXPECT_EQ(counts.at({Basis::cohort, fact.first_at, "EUR"}).at(4000), 12500);
}

TEST(Contribution, BeyondBigintIsAStatus) {
  Fact fact = visit();
  fact.paid_at = fact.created_at;
  fact.price = kMost;
  EXPECT_EQ(told_by(fact).status, TallyStatus::ok);
  const std::array<Payment, 1> entries = {{{false, 1, "EUR", at(2024, 4, 2)}}};
  fact.entries = entries;
  EXPECT_EQ(told_by(fact).status, TallyStatus::overflow);
  fact = visit();
  fact.awaiting_at = kMost - 1;
  EXPECT_EQ(told_by(fact).status, TallyStatus::overflow);
  fact = visit();
  fact.next_created_at = fact.ended_at;
  Rules by = rules();
  by.rebook_within = kMost;
  EXPECT_EQ(told_by(fact, by).status, TallyStatus::overflow);
}

}  // namespace
}  // namespace calytics::core
