// Stopping: what has been accepted is finished, in bounded time, and nothing new is let in.
#include <atomic>
#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include <Poco/Exception.h>
#include <gtest/gtest.h>

#include "gateway_fixture.hpp"

namespace calytics::gateway::test {
namespace {

using std::chrono::milliseconds;

class Shutdown : public GatewayFixture {};

TEST_F(Shutdown, FinishesWhatWasAcceptedAndLetsNobodyIn) {
  start([](Settings& settings) { settings.write_lanes = 2; });
  auto idle = connect();
  ASSERT_EQ(idle.get("/nothing").status, 200);
  std::vector<Client> clients;  // more than lanes: some are in the queue
  for (int i = 0; i < 6; ++i) {
    clients.push_back(connect());
    clients.back().send("POST /sleep?0.3 HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx");
  }
  auto half = connect();  // in the middle of its request
  half.send("POST /store HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\nhal");
  const auto address = gateway().address();
  std::atomic<bool> finished = false;
  std::thread stopper([&] { finished = gateway().stop(); });
  std::this_thread::sleep_for(milliseconds(150));
  EXPECT_THROW(Client{address}, Poco::Exception);
  const auto completed = half.request("f-a");
  EXPECT_EQ(completed.status, 200);
  EXPECT_EQ(completed.header("connection"), "close");
  for (auto& client : clients) {
    const auto response = client.read();
    EXPECT_EQ(response.body, "slept");
    EXPECT_EQ(response.header("connection"), "close");
    EXPECT_TRUE(client.closed_by_peer());
    client.socket().close();
  }
  EXPECT_TRUE(half.closed_by_peer());
  half.socket().close();
  EXPECT_TRUE(idle.closed_by_peer());
  stopper.join();
  EXPECT_TRUE(finished);
  EXPECT_EQ(sql("select count(*) from cal.stored"), "1");
}

TEST_F(Shutdown, UnderLoadEveryRequestTakenIsAnswered) {
  start();
  std::atomic<int> answered = 0;
  std::vector<std::thread> threads;
  threads.reserve(8);
  std::atomic<int> cut_off = 0;
  for (int number = 0; number < 8; ++number)
    threads.emplace_back([&, number] {
      auto client = connect();
      for (int i = 0;; ++i) {
        const auto response =
            client.post("/store", std::to_string(number) + "/" + std::to_string(i));
        if (response.status == 200) ++answered;
        if (response.status == 0) ++cut_off;
        if (response.status != 200 || response.header("connection") == "close") return;
      }
    });
  std::this_thread::sleep_for(milliseconds(300));
  EXPECT_TRUE(gateway().stop());
  for (auto& thread : threads)
    thread.join();
  EXPECT_EQ(cut_off, 0);
  EXPECT_EQ(sql("select count(*) from cal.stored"), std::to_string(answered));
}

TEST_F(Shutdown, TakesNoLongerThanAllowed) {
  start([](Settings& settings) { settings.shutdown_timeout = milliseconds(500); });
  auto client = connect();
  client.send("GET /sleep?20 HTTP/1.1\r\nHost: a\r\n\r\n");
  std::this_thread::sleep_for(milliseconds(100));
  EXPECT_LT(seconds([&] { EXPECT_FALSE(gateway().stop()); }), 3);
  EXPECT_EQ(client.read().status, 503);
}

}  // namespace
}  // namespace calytics::gateway::test
