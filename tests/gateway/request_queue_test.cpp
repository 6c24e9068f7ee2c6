// The queue between reactor and lanes, and what the lanes count.
#include "request_queue.hpp"

#include <memory>
#include <string>
#include <thread>
#include <utility>

#include <gtest/gtest.h>

#include "lane_counters.hpp"

namespace calytics::gateway::test {
namespace {

class Nobody : public AnswerSink {
 public:
  const std::string& peer() const override { return peer_; }
  bool stays_open() const override { return true; }
  void deliver(std::string /*bytes*/, bool /*close*/) override {}
  bool deliver_stream(std::string /*head*/, Subscription /*wanted*/) override { return false; }

 private:
  std::string peer_ = "192.0.2.1";
};

class QueueTest : public testing::Test {
 protected:
  static std::string names(const RequestQueue::Exchanges& taken) {
    std::string names;
    for (const auto& exchange : taken)
      names += exchange->request().headers.front().value;
    return names;
  }
  bool push(const std::string& name) {
    Request request;
    request.headers = {{"n", name}};
    auto exchange = std::make_unique<Exchange>(std::move(request), std::make_shared<Nobody>(),
                                               MemoryCharge(budget_));
    const bool taken = queue_.try_push(exchange);
    EXPECT_EQ(exchange == nullptr, taken);
    return taken;
  }
  std::string take(std::size_t limit = 1) {
    return names(queue_.take(Clock::now() + Milliseconds{10}, limit,
                             [](const Exchange& first, const Exchange& next) {
                               return first.request().headers.front().value[0] ==
                                      next.request().headers.front().value[0];
                             }));
  }

  MemoryBudget budget_{1 << 20};
  RequestQueue queue_{6};
};

TEST_F(QueueTest, NeverGrowsBeyondItsCapacity) {
  for (const char* name : {"1", "2", "3", "4", "5", "6"})
    EXPECT_TRUE(push(name));
  EXPECT_FALSE(push("7"));
  EXPECT_EQ(take(), "1");
  EXPECT_TRUE(push("8"));
  EXPECT_FALSE(push("9"));
  const auto now = queue_.snapshot();
  EXPECT_EQ(now.waiting, 6U);
  EXPECT_EQ(now.refused, 2U);
}

TEST_F(QueueTest, ClosedItLetsNothingInAndAllOut) {
  push("1");
  push("2");
  queue_.close();
  EXPECT_FALSE(push("3"));
  EXPECT_FALSE(queue_.finished());
  EXPECT_EQ(take(), "1");
  EXPECT_EQ(take(), "2");
  EXPECT_EQ(take(), "");
  EXPECT_TRUE(queue_.finished());
}

TEST_F(QueueTest, GivesTogetherWhatGoesTogetherAndTheOldestFirst) {
  for (const char* name : {"a1", "b1", "a2", "b2", "b3", "a3"})
    push(name);
  EXPECT_EQ(take(2), "a1a2");
  EXPECT_EQ(take(9), "b1b2b3");
  EXPECT_EQ(take(9), "a3");
}

TEST_F(QueueTest, WaitsNoLongerThanTold) {
  EXPECT_EQ(take(), "");
  EXPECT_FALSE(queue_.closed());
}

TEST_F(QueueTest, TellsThoseWhoHaveWaitedFromTheOthers) {
  push("1");
  push("2");
  const auto then = Clock::now();
  std::this_thread::sleep_for(Milliseconds{2});
  push("3");
  EXPECT_EQ(names(queue_.take_older(then)), "12");
  EXPECT_EQ(names(queue_.take_older(then)), "");
  EXPECT_EQ(take(), "3");
}

TEST(LaneCounters, CountsBatchesBySize) {
  LaneCounters counters;
  for (const std::size_t size : {1, 1, 2, 3, 5, 6, 500, 501})
    counters.committed(size);
  const auto now = counters.snapshot();
  EXPECT_EQ(now.calls, 1019U);
  EXPECT_EQ(now.batches, 8U);
  const decltype(now.batch_sizes) expected = {2, 1, 2, 1, 0, 0, 0, 0, 1, 1};
  EXPECT_EQ(now.batch_sizes, expected);
}

}  // namespace
}  // namespace calytics::gateway::test
