// Writes that wait are committed together, and none of them notices.
#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "gateway_fixture.hpp"

namespace calytics::gateway::test {
namespace {

using std::chrono::milliseconds;

class Batch : public GatewayFixture {
 protected:
  // The statuses of requests that all wait while the only lane, or every lane, is held up.
  std::vector<int> post_behind_a_sleeper(const std::vector<std::string>& targets, int sleepers) {
    std::vector<std::thread> held;
    for (int i = 0; i < sleepers; ++i)
      held.emplace_back([&] { EXPECT_EQ(connect().get("/sleep?0.5").status, 200); });
    std::this_thread::sleep_for(milliseconds(150));
    std::vector<int> statuses(targets.size());
    std::vector<std::thread> clients;
    for (std::size_t i = 0; i < targets.size(); ++i)
      clients.emplace_back(
          [&, i] { statuses[i] = connect().post(targets[i], std::to_string(i)).status; });
    for (auto& client : clients)
      client.join();
    for (auto& sleeper : held)
      sleeper.join();
    return statuses;
  }
};

TEST_F(Batch, WhatWaitsIsCommittedTogether) {
  start([](Settings& settings) { settings.pool_size = 1; });
  for (const int status : post_behind_a_sleeper(std::vector<std::string>(30, "/store"), 1))
    EXPECT_EQ(status, 200);
  EXPECT_EQ(sql("select count(*) from cal.stored where copies = 1"), "30");
  EXPECT_LT(std::stoi(sql("select count(distinct xmin::text) from cal.stored")), 10);
}

TEST_F(Batch, OfOneIsEachByItself) {
  start([](Settings& settings) {
    settings.pool_size = 1;
    settings.batch_size = 1;
  });
  for (const int status : post_behind_a_sleeper(std::vector<std::string>(10, "/store"), 1))
    EXPECT_EQ(status, 200);
  EXPECT_EQ(sql("select count(distinct xmin::text) from cal.stored"), "10");
}

TEST_F(Batch, APoisonedCallHarmsNoNeighbour) {
  start([](Settings& settings) { settings.pool_size = 1; });
  std::vector<std::string> targets(20, "/store");
  targets[7] = "/raise?22012";
  const auto statuses = post_behind_a_sleeper(targets, 1);
  for (std::size_t i = 0; i < statuses.size(); ++i)
    EXPECT_EQ(statuses[i], i == 7 ? 500 : 200) << i;
  EXPECT_EQ(sql("select count(*) from cal.stored where copies = 1"), "19");
}

TEST_F(Batch, LanesThatDeadlockLoseAndDoubleNothing) {
  start([](Settings& settings) { settings.pool_size = 2; });
  std::vector<std::string> targets;
  for (int i = 0; i < 40; ++i)
    targets.emplace_back(i % 2 == 0 ? "/touch?a" : "/touch?b");
  for (const int status : post_behind_a_sleeper(targets, 2))
    EXPECT_EQ(status, 200);
  EXPECT_EQ(sql("select string_agg(calls::text, ' ' order by name) from cal.touched"), "20 20");
}

}  // namespace
}  // namespace calytics::gateway::test
