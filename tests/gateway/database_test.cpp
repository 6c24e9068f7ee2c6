// What becomes of requests when the database errs, hangs, goes away and comes back.
#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "gateway_fixture.hpp"

namespace calytics::gateway::test {
namespace {

using std::chrono::milliseconds;

class DatabaseFaults : public GatewayFixture {};

TEST_F(DatabaseFaults, ErrorsAreAnsweredWithoutTheirMessage) {
  start();
  auto client = connect();
  for (const auto* state : {"22012", "P0001", "XX000", "42501"}) {
    const auto response = client.get(std::string("/raise?") + state);
    EXPECT_EQ(response.status, 500);
    EXPECT_EQ(
        response.body,
        R"({"error":{"code":"internal_server_error","message":"internal error","request_id":")" +
            response.header("x-request-id") + "\"}}\n");
  }
  EXPECT_EQ(client.get("/nothing").status, 200);
}

TEST_F(DatabaseFaults, ContentionIsTriedAgainAFewTimes) {
  start();
  auto client = connect();
  for (const auto* state : {"40P01", "40001", "55P03"}) {
    sql("alter sequence cal.calls restart");
    EXPECT_EQ(client.get(std::string("/flaky?") + state).body, "at last");
    EXPECT_EQ(sql("select last_value from cal.calls"), "3");
    const auto response = client.get(std::string("/raise?") + state);
    EXPECT_EQ(response.status, 503);
    EXPECT_EQ(response.header("retry-after"), "1");
  }
}

TEST_F(DatabaseFaults, AStatementThatHangsIsCancelledByTheServer) {
  start([](Settings& settings) { settings.db_timeout = milliseconds(300); });
  auto client = connect();
  EXPECT_LT(seconds([&] { EXPECT_EQ(client.get("/sleep?30").status, 504); }), 2);
  EXPECT_EQ(sql("select count(*) from pg_stat_activity where wait_event = 'PgSleep'"), "0");
  EXPECT_EQ(client.get("/nothing").status, 200);
}

TEST_F(DatabaseFaults, AServerThatHangsHoldsNoLane) {
  start([](Settings& settings) {
    settings.write_lanes = 1;
    settings.read_lanes = 1;
    settings.db_timeout = milliseconds(300);
  });
  auto client = connect();
  ASSERT_EQ(client.get("/nothing").status, 200);
  ASSERT_EQ(client.post("/nothing", "").status, 200);
  const auto pids = backends();
  ASSERT_EQ(pids.size(), 2U);
  const Stopped stopped(pids);
  EXPECT_LT(seconds([&] { EXPECT_EQ(client.get("/nothing").status, 504); }), 3);
  EXPECT_LT(seconds([&] { EXPECT_EQ(client.post("/nothing", "").status, 504); }), 3);
  EXPECT_EQ(client.get("/nothing").status, 200);  // by a new connection
  EXPECT_EQ(client.post("/nothing", "").status, 200);
}

TEST_F(DatabaseFaults, ALostConnectionIsReplacedWithinTheRequest) {
  start();
  auto client = connect();
  for (int i = 0; i < 20; ++i) {
    sql("select pg_terminate_backend(pid) from pg_stat_activity"
        " where application_name = 'calytics-gateway'");
    ASSERT_EQ(client.post("/store", std::to_string(i)).status, 200);
  }
  EXPECT_EQ(sql("select count(*) from cal.stored"), "20");
}

TEST_F(DatabaseFaults, ACallThatKillsItsConnectionIsNotTriedForEver) {
  start();
  auto client = connect();
  const auto response = client.get("/raise?57P01");
  EXPECT_EQ(response.status, 503);
  EXPECT_EQ(client.get("/nothing").status, 200);
}

TEST_F(DatabaseFaults, TooManyConnectionsIsWaitedFor) {
  start([](Settings& settings) { settings.read_lanes = 60; });  // the cluster allows 40
  std::vector<std::thread> clients;
  clients.reserve(80);
  std::atomic<int> answered = 0;
  for (int i = 0; i < 80; ++i)
    clients.emplace_back([&] { answered += connect().get("/sleep?0.2").status == 200; });
  for (auto& client : clients)
    client.join();
  EXPECT_GE(answered, 30);
  EXPECT_EQ(answered + 0, 80);
}

TEST_F(DatabaseFaults, ADatabaseThatIsAwayIsWaitedForAndThenOwnedUpTo) {
  if (!cluster("-m fast stop")) GTEST_SKIP() << "the server isn't ours to stop";
  start([](Settings& settings) { settings.db_wait = milliseconds(400); });
  auto client = connect();
  const auto taken = seconds([&] {
    const auto response = client.post("/store", "lost");
    EXPECT_EQ(response.status, 503);
    EXPECT_EQ(response.header("retry-after"), "1");
    EXPECT_NE(response.body.find(R"("message":"database unavailable")"), std::string::npos);
  });
  EXPECT_GT(taken, 0.39);
  EXPECT_LT(taken, 2);
  ASSERT_TRUE(cluster("start"));
  for (int i = 0; i < 100 && client.get("/nothing").status != 200; ++i) {
  }
  // From the first one on: lanes that aren't connected yet take nothing from those that are.
  for (int i = 0; i < 20; ++i)
    EXPECT_EQ(client.get("/nothing").status, 200);
}

TEST_F(DatabaseFaults, AReadThatWritesIsLeftToTheWriters) {
  start();
  auto client = connect();
  EXPECT_EQ(client.get("/store").status, 200);
  EXPECT_EQ(sql("select count(*) from cal.stored"), "1");
  const auto now = gateway().snapshot();
  EXPECT_EQ(now.read_lanes.passed_on, 1U);
  EXPECT_EQ(now.write_lanes.calls, 1U);
  EXPECT_EQ(client.request("HEAD /nothing HTTP/1.1\r\nHost: a\r\n\r\n", true).status, 200);
  EXPECT_EQ(gateway().snapshot().read_lanes.calls, 1U);
}

TEST_F(DatabaseFaults, AServerThatTakesNoWritesIsNotTheOneMeant) {
  sql("alter database postgres set default_transaction_read_only = on");
  start();
  auto client = connect();
  EXPECT_EQ(client.get("/nothing").status, 200);
  const auto refused = client.post("/store", "a");
  EXPECT_EQ(refused.status, 503);
  EXPECT_NE(refused.body.find("\"message\":\"database unavailable\""), std::string::npos);
  sql("begin read write; alter database postgres reset default_transaction_read_only; commit");
  EXPECT_EQ(client.post("/store", "a").status, 200);
}

TEST_F(DatabaseFaults, SlowReadersHoldUpNoWriter) {
  start([](Settings& settings) { settings.read_lanes = 2; });
  std::vector<Client> slow;
  for (int i = 0; i < 4; ++i) {
    slow.push_back(connect());
    slow.back().send("GET /sleep?1 HTTP/1.1\r\nHost: a\r\n\r\n");
  }
  auto client = connect();
  EXPECT_LT(seconds([&] {
              for (int i = 0; i < 20; ++i)
                EXPECT_EQ(client.post("/store", std::to_string(i)).status, 200);
            }),
            0.9);
  for (auto& reader : slow)
    EXPECT_EQ(reader.read().status, 200);
}

// Requests under way while PostgreSQL restarts: each is answered, and what was answered 200 is
// stored.
class Restart : public GatewayFixture, public testing::WithParamInterface<const char*> {};

TEST_P(Restart, LosesAndDoublesNothing) {
  start([](Settings& settings) { settings.db_wait = std::chrono::seconds(30); });
  constexpr int clients = 8;
  std::atomic<bool> enough = false;
  std::array<std::vector<std::string>, clients> stored;
  std::atomic<int> refused = 0;
  std::atomic<int> other = 0;
  std::vector<std::thread> threads;
  threads.reserve(clients);
  for (int number = 0; number < clients; ++number)
    threads.emplace_back([&, number] {
      auto client = connect();
      for (int i = 0; !enough; ++i) {
        const auto body = std::to_string(number) + "/" + std::to_string(i);
        const auto status = client.post("/store", body).status;
        if (status == 200) {
          stored.at(static_cast<std::size_t>(number)).push_back(body);
        } else if (status == 503) {
          ++refused;
        } else {
          ++other;
          return;
        }
      }
    });
  bool restarted = true;
  for (int round = 0; round < 2; ++round) {
    std::this_thread::sleep_for(milliseconds(300));
    restarted = restarted && cluster(std::string("-m ") + GetParam() + " restart");
  }
  std::this_thread::sleep_for(milliseconds(1500));
  enough = true;
  for (auto& thread : threads)
    thread.join();
  if (!restarted) GTEST_SKIP() << "the server isn't ours to restart";

  EXPECT_EQ(other, 0);
  EXPECT_EQ(refused, 0);
  std::set<std::string> answered;
  for (const auto& bodies : stored) {
    EXPECT_FALSE(bodies.empty());
    answered.insert(bodies.begin(), bodies.end());
  }
  std::set<std::string> kept;
  std::istringstream rows(
      sql("select string_agg(convert_from(body, 'UTF8'), ' ') from cal.stored"));
  for (std::string body; rows >> body;)
    EXPECT_TRUE(kept.insert(body).second);
  EXPECT_EQ(kept, answered);
}

INSTANTIATE_TEST_SUITE_P(Modes, Restart, testing::Values("fast", "immediate"));

}  // namespace
}  // namespace calytics::gateway::test
