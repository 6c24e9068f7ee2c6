// The queue between reactor and lanes, and what the lanes count.
#include "request_queue.hpp"

#include <map>
#include <memory>
#include <mutex>
#include <numeric>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "lane_counters.hpp"
#include "log.hpp"

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

// Requests are named by their path and a number: "a1" is one to path "a".
class QueueTest : public testing::Test {
 protected:
  using Batch = RequestQueue::Batch;

  static std::string names(const RequestQueue::Exchanges& exchanges) {
    std::string names;
    for (const auto& exchange : exchanges)
      names += exchange->request().path + exchange->request().query;
    return names;
  }
  bool push(const std::string& name, std::size_t bytes = 1) { return push(queue_, name, bytes); }
  bool push(RequestQueue& queue, const std::string& name, std::size_t bytes = 1) {
    Request request;
    request.path = name.substr(0, 1);
    request.query = name.substr(1);
    request.bytes = bytes;
    auto exchange = std::make_unique<Exchange>(std::move(request), std::make_shared<Nobody>(),
                                               MemoryCharge(budget_));
    const bool taken = queue.try_push(exchange);
    EXPECT_EQ(exchange == nullptr, taken);
    return taken;
  }
  Batch take(std::size_t calls = 9, std::size_t bytes = 1000) {
    return queue_.take(Clock::now() + Milliseconds{10}, calls, bytes);
  }

  MemoryBudget budget_{1 << 20};
  RequestQueue queue_{6, {.turns = 2, .patience = Milliseconds{200}}};
};

TEST_F(QueueTest, NeverGrowsBeyondItsCapacity) {
  for (const char* name : {"a1", "b1", "a2", "b2", "a3", "b3"})
    EXPECT_TRUE(push(name));
  EXPECT_FALSE(push("a4"));
  EXPECT_EQ(names(take(1).exchanges), "a1");
  EXPECT_TRUE(push("a5"));
  EXPECT_FALSE(push("c1"));
  const auto now = queue_.snapshot();
  EXPECT_EQ(now.waiting, 6U);
  EXPECT_EQ(now.refused, 2U);
}

TEST_F(QueueTest, ClosedItLetsNothingInAndAllOut) {
  push("a1");
  push("a2");
  queue_.close();
  EXPECT_FALSE(push("a3"));
  EXPECT_FALSE(queue_.finished());
  EXPECT_EQ(names(take(1).exchanges), "a1");
  EXPECT_EQ(names(take(1).exchanges), "a2");
  EXPECT_EQ(names(take().exchanges), "");
  EXPECT_TRUE(queue_.finished());
}

TEST_F(QueueTest, GivesTogetherWhatIsOfOnePathAndThePathsByTurns) {
  for (const char* name : {"a1", "b1", "a2", "b2", "b3", "a3"})
    push(name);
  EXPECT_EQ(names(take(2).exchanges), "a1a2");
  EXPECT_EQ(names(take().exchanges), "b1b2b3");
  EXPECT_EQ(names(take().exchanges), "a3");
}

TEST_F(QueueTest, GivesNoMoreBytesThanToldButAlwaysOne) {
  push("a1", 60);
  push("a2", 40);
  push("a3", 1);
  push("a4", 500);
  EXPECT_EQ(names(take(9, 100).exchanges), "a1a2");
  EXPECT_EQ(names(take(9, 100).exchanges), "a3");
  EXPECT_EQ(names(take(9, 100).exchanges), "a4");
}

TEST_F(QueueTest, APathHasSoManyTurnsAtATime) {
  push("a1");
  push("b1");
  auto first = take();
  push("a2");
  EXPECT_EQ(names(take().exchanges), "b1");
  const auto second = take();
  EXPECT_EQ(names(second.exchanges), "a2");
  push("a3");
  push("a4");
  EXPECT_EQ(names(take().exchanges), "");
  first.turn.end();
  first.turn.end();  // there is only one to end
  const auto third = take();
  EXPECT_EQ(names(third.exchanges), "a3a4");
  push("a5");
  EXPECT_EQ(names(take().exchanges), "");
}

TEST_F(QueueTest, TheNextIsTakenInTheTurnThatEnds) {
  push("a1");
  auto first = take();
  first.turn.deadlocked();  // so that there is one alone
  push("a2");
  push("a3");
  auto second = queue_.take_next(first.turn, 1, 1000);
  EXPECT_EQ(names(second.exchanges), "a2");
  EXPECT_EQ(names(take().exchanges), "");
  push("b1");
  const auto third = queue_.take_next(second.turn, 9, 1000);
  EXPECT_EQ(names(third.exchanges), "b1");  // paths have it by turns
  EXPECT_EQ(names(take().exchanges), "a3");
  auto nothing = queue_.take_next(second.turn, 9, 1000);
  EXPECT_EQ(names(nothing.exchanges), "");
}

TEST_F(QueueTest, APathThatDeadlockedHasOneTurnAtATime) {
  push("a1");
  auto first = take();
  first.turn.deadlocked();
  push("a2");
  push("a3");
  EXPECT_EQ(names(take().exchanges), "");
  first.turn.end();
  const auto second = take(1);
  EXPECT_EQ(names(second.exchanges), "a2");
  EXPECT_EQ(names(take().exchanges), "");
  push("b1");
  EXPECT_EQ(names(take().exchanges), "b1");
}

TEST_F(QueueTest, AWaiterIsWokenByTheEndOfATurn) {
  push("a1");
  auto first = take();
  first.turn.deadlocked();
  push("a2");
  std::string got;
  std::thread waiter([&] { got = names(queue_.take(kNever, 9, 1000).exchanges); });
  first.turn.end();
  waiter.join();
  EXPECT_EQ(got, "a2");
}

TEST_F(QueueTest, TurnsThatTakeTooLongHoldUpNobodyElse) {
  push("a1");
  const auto begin = Clock::now();
  auto first = take();
  first.turn.deadlocked();
  std::string got;
  // Who waits already isn't woken by what comes behind a turn; it looks by itself.
  std::thread waiter([&] { got = names(queue_.take(kNever, 9, 1000).exchanges); });
  push("a2");
  waiter.join();
  EXPECT_EQ(got, "a2");
  EXPECT_GE(Clock::now() - begin, Milliseconds{200});
}

TEST_F(QueueTest, WithoutPathsAnyoneServesTheNext) {
  RequestQueue reads(6, {});
  for (const char* name : {"a1", "b1", "a2"})
    push(reads, name);
  const auto first = reads.take(kNever, 1, 1000);
  const auto second = reads.take(kNever, 1, 1000);
  EXPECT_EQ(names(first.exchanges) + names(second.exchanges), "a1b1");
  EXPECT_EQ(names(reads.take(kNever, 1, 1000).exchanges), "a2");
}

TEST_F(QueueTest, WaitsNoLongerThanTold) {
  EXPECT_EQ(names(take().exchanges), "");
  EXPECT_FALSE(queue_.closed());
}

TEST_F(QueueTest, TellsThoseWhoHaveWaitedFromTheOthers) {
  push("a1");
  push("a2");
  const auto then = Clock::now();
  std::this_thread::sleep_for(Milliseconds{2});
  push("a3");
  EXPECT_EQ(names(queue_.take_older(then)), "a1a2");
  EXPECT_EQ(names(queue_.take_older(then)), "");
  EXPECT_EQ(names(take().exchanges), "a3");
  EXPECT_EQ(names(queue_.take_older(Clock::now())), "");
}

// Many senders to few paths, many takers: each request comes out once, and a path's requests in the
// order in which they came.
TEST(QueueRace, LosesDoublesAndReordersNothing) {
  constexpr int senders = 4;
  constexpr int each = 2000;
  MemoryBudget budget(1 << 20);
  RequestQueue queue(64, {.turns = 1, .patience = std::chrono::hours{1}});
  std::map<std::string, std::vector<int>> seen;
  std::mutex mutex;
  std::vector<std::thread> takers;
  takers.reserve(3);
  for (int i = 0; i < 3; ++i)
    takers.emplace_back([&] {
      while (!queue.finished()) {
        auto batch = queue.take(kNever, 5, 1000);
        const std::lock_guard lock(mutex);
        for (const auto& exchange : batch.exchanges)
          seen[exchange->request().path].push_back(std::stoi(exchange->request().query));
      }
    });
  std::vector<std::thread> threads;
  threads.reserve(senders);
  for (int sender = 0; sender < senders; ++sender)
    threads.emplace_back([&, sender] {
      for (int i = 0; i < each; ++i) {
        Request request;
        request.path = std::to_string(sender);
        request.query = std::to_string(i);
        auto exchange = std::make_unique<Exchange>(std::move(request), std::make_shared<Nobody>(),
                                                   MemoryCharge(budget));
        while (!queue.try_push(exchange))
          std::this_thread::yield();
      }
    });
  for (auto& thread : threads)
    thread.join();
  queue.close();
  for (auto& taker : takers)
    taker.join();
  std::vector<int> all(each);
  std::iota(all.begin(), all.end(), 0);
  ASSERT_EQ(seen.size(), senders);
  for (const auto& [path, numbers] : seen)
    EXPECT_EQ(numbers, all) << path;
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
