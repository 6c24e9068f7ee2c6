// Places on a dashboard: each role's sums count where they should, under their names.
#include "core/metrics/dashboard.hpp"

#include <array>

#include <gtest/gtest.h>

namespace calytics::core {
namespace {

const Sums kSums = {Role::now, 1, 42, "7", "8", "EUR", "counts"};

void expect_place(const Sums& place, Role role, std::int64_t at, std::string_view service,
                  std::string_view host) {
  EXPECT_EQ(place.role, role);
  EXPECT_EQ(place.part, kSums.part);
  EXPECT_EQ(place.at, at);
  EXPECT_EQ(place.service, service);
  EXPECT_EQ(place.host, host);
  EXPECT_EQ(place.currency, kSums.currency);
  EXPECT_EQ(place.counts, kSums.counts);
}

TEST(Dashboard, SeriesAddUpToTheFigures) {
  std::array<Sums, 2> places;
  ASSERT_EQ(places_of("series", kSums, {}, places.data()), 2U);
  expect_place(places[0], Role::series, 42, "", "");
  expect_place(places[1], Role::now, kNoTime, "", "");
  ASSERT_EQ(places_of("now", kSums, {}, places.data()), 1U);
  expect_place(places[0], Role::now, kNoTime, "", "");
  ASSERT_EQ(places_of("then", kSums, {}, places.data()), 1U);
  expect_place(places[0], Role::then, kNoTime, "", "");
}

TEST(Dashboard, TablesGoByName) {
  std::array<Naming, 4> names = {{{Role::host, "8", "ada"},
                                  {Role::service, "9", "cut"},
                                  {Role::service, "7", "cut"},
                                  {Role::host, "7", "bo"}}};
  sort_names(names);
  std::array<Sums, 2> places;
  ASSERT_EQ(places_of("service", kSums, names, places.data()), 1U);
  expect_place(places[0], Role::service, kNoTime, "cut", "");
  ASSERT_EQ(places_of("host", kSums, names, places.data()), 1U);
  expect_place(places[0], Role::host, kNoTime, "", "ada");
  ASSERT_EQ(places_of("host", kSums, {}, places.data()), 1U);
  expect_place(places[0], Role::host, kNoTime, "", "8");
}

TEST(Dashboard, KnowsItsRoles) {
  Sums place;
  EXPECT_EQ(places_of("elsewhere", kSums, {}, &place), 0U);
  EXPECT_EQ(places_of("", kSums, {}, &place), 0U);
}

}  // namespace
}  // namespace calytics::core
