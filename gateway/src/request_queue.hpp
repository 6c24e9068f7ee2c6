// The bounded queue between the reactor and the lanes. It never grows beyond its capacity: who
// finds it full has to say so to the client.
//
// Requests stand in lines, one for each path or one for all. A path's line is served by so many
// lanes at a time, and the lines by turns: what blocks one path, a lock perhaps, leaves lanes for
// the others. Paths whose transactions deadlock are served by one lane at a time for a while: what
// is sent to one address tends to touch the same rows, and one transaction of all that waits is
// better than two that wait for each other. Nobody stands behind a turn for longer than `patience`:
// then there is one more turn beside.
//
// Of the lanes that wait the one that came last is called: what its database session knows is
// nearest at hand. It is woken when the queue's lock is free again, for it needs that first of all.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "clock.hpp"
#include "exchange.hpp"

namespace calytics::gateway {

struct QueueSnapshot {
  std::size_t waiting = 0;
  std::size_t capacity = 0;
  std::uint64_t refused = 0;  // found it full
};

class RequestQueue {
  struct Line;

 public:
  using Exchanges = std::vector<std::unique_ptr<Exchange>>;

  struct Order {
    std::size_t turns =
        0;  // of a path at a time; 0: there is one line, and anybody serves the next
    Milliseconds patience{};
  };

  // A lane's turn to serve a line.
  class Turn {
   public:
    Turn() = default;
    Turn(RequestQueue& queue, Line& line) : queue_(&queue), line_(&line) {}
    Turn(Turn&& other) noexcept
        : queue_(std::exchange(other.queue_, nullptr)), line_(other.line_) {}
    Turn& operator=(Turn&& other) noexcept {
      end();
      queue_ = std::exchange(other.queue_, nullptr);
      line_ = other.line_;
      return *this;
    }
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;
    ~Turn() { end(); }
    void end() {
      if (queue_ != nullptr) std::exchange(queue_, nullptr)->end_turn(*line_);
    }
    // It met a deadlock: from now on the line is served by one lane at a time.
    void deadlocked() {
      if (queue_ != nullptr) queue_->serve_alone(*line_);
    }

   private:
    friend class RequestQueue;
    RequestQueue* queue_ = nullptr;
    Line* line_ = nullptr;
  };

  struct Batch {
    Exchanges exchanges;
    Turn turn;
  };

  RequestQueue(std::size_t capacity, Order order) : capacity_(capacity), order_(order) {}

  // Takes the exchange if there is room; otherwise leaves it to the caller.
  bool try_push(std::unique_ptr<Exchange>& exchange);
  // The next batch: the first of a line, and those behind it as long as there are no more than
  // `calls` with no more than `bytes`. None when there is none until `deadline`, or ever again: see
  // closed().
  Batch take(TimePoint deadline, std::size_t calls, std::size_t bytes);
  // Ends the turn, and takes the next batch if there is one already.
  Batch take_next(Turn& turn, std::size_t calls, std::size_t bytes);
  // All that came before `when`; doesn't wait.
  Exchanges take_older(TimePoint when);

  // No more come in; those inside are still handed out.
  void close();
  bool closed() const;
  bool finished() const;  // closed and empty
  QueueSnapshot snapshot() const;

 private:
  struct Waiter {
    std::condition_variable alarm;
    bool called = false;
  };
  // Of whom somebody else's wake-up may still be on its way when he has gone.
  using WaiterPtr = std::shared_ptr<Waiter>;
  struct Line {
    std::string name;
    std::deque<std::unique_ptr<Exchange>> waiting;
    std::size_t turns = 0;
    TimePoint since;        // of the latest turn
    TimePoint alone_until;  // one turn at a time until then
    bool ready = false;     // is in ready_
  };

  Line& line_of(const Exchange& exchange);
  bool by_path() const { return order_.turns > 0; }
  bool has_turn(const Line& line, TimePoint now) const;
  bool make_ready(Line& line);
  TimePoint end_patience();
  Batch take_ready(std::size_t calls, std::size_t bytes, WaiterPtr& called);
  void fill(Batch& batch, Line& line, std::size_t calls, std::size_t bytes);
  void end_turn(Line& line);
  bool give_back(Line& line);
  void serve_alone(Line& line);
  void forget_idle_lines();
  void wait(std::unique_lock<std::mutex>& lock, TimePoint until);
  WaiterPtr call_lane();
  static void wake(const WaiterPtr& called);
  void call_all_lanes();

  const std::size_t capacity_;
  const Order order_;
  mutable std::mutex mutex_;
  std::vector<WaiterPtr> waiters_;
  std::unordered_map<std::string, Line> lines_;
  std::deque<Line*> ready_;  // lines to be served, in this order
  std::vector<Line*> held_;  // lines that have a turn
  std::size_t size_ = 0;
  std::uint64_t refused_ = 0;
  bool closed_ = false;
};

}  // namespace calytics::gateway
