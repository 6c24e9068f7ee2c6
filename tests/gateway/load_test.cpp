// All that the gateway does at once, by threads that meet: writes in batches, reads, probes,
// streams of events, and clients that break off. Whatever the threads' order, everyone is answered
// once and nothing that was answered is lost. Its worth is greatest in a build with
// ThreadSanitizer.
#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "gateway_fixture.hpp"

namespace calytics::gateway::test {
namespace {

constexpr int kClients = 6;
constexpr int kRounds = 40;

class Load : public GatewayFixture {
 protected:
  template <typename Work>
  void each(int count, Work work) {
    for (int i = 0; i < count; ++i)
      threads_.emplace_back([work, i] { work(i); });
  }
  void join() {
    for (auto& thread : threads_)
      thread.join();
    threads_.clear();
  }

 private:
  std::vector<std::thread> threads_;
};

TEST_F(Load, OfAllKindsIsAnsweredOnceEach) {
  start();
  std::atomic<int> wrong = 0;
  std::atomic<int> heard = 0;
  each(kClients, [&](int client) {
    auto connection = connect();
    for (int round = 0; round < kRounds; ++round) {
      const auto id = std::to_string(client) + "-" + std::to_string(round);
      wrong += connection.post("/store/" + std::to_string(client % 3), id).body != "stored";
      wrong += connection.get("/echo?" + id).body.find('"' + id + '"') == std::string::npos;
      wrong += connection.get("/live").status != 200;
    }
  });
  each(2, [&](int) {
    for (int round = 0; round < kRounds; ++round) {
      auto connection = connect();
      connection.get("/ready");
      connection.request("GET /metrics HTTP/1.1\r\nHost: a\r\nAuthorization: good\r\n\r\n");
    }
  });
  each(2, [&](int) {
    for (int round = 0; round < kRounds; ++round) {
      auto leaves = connect();
      leaves.send("POST /store HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhalf");
      auto gone = connect();
      gone.send("GET /nothing HTTP/1.1\r\nHost: a\r\n\r\n");
    }
  });
  each(3, [&](int) {
    for (int round = 0; round < 4; ++round) {
      auto listening = connect();
      listening.send("GET /events?load HTTP/1.1\r\nHost: a\r\n\r\n");
      std::string text;
      while (!text.ends_with("data: {\"type\": \"reset\"}\n\n")) {
        const auto byte = listening.read_raw(1);
        if (byte.empty()) break;
        text += byte;
      }
      ++heard;
    }
  });
  for (int i = 0; i < 10; ++i)
    sql("select pg_notify('load', '" + std::to_string(i) + "')");
  join();
  EXPECT_EQ(wrong, 0);
  EXPECT_EQ(heard, 12);
  EXPECT_EQ(sql("select count(*) || ' ' || sum(copies) from cal.stored where body <> ''"),
            std::to_string(kClients * kRounds) + " " + std::to_string(kClients * kRounds));
  EXPECT_TRUE(gateway().stop());
}

}  // namespace
}  // namespace calytics::gateway::test
