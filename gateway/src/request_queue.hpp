// The bounded queue between the reactor and the lanes. It never grows beyond its capacity: who
// finds it full has to say so to the client.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "clock.hpp"
#include "exchange.hpp"

namespace calytics::gateway {

class RequestQueue {
 public:
  explicit RequestQueue(std::size_t capacity) : capacity_(capacity) {}

  // Takes the exchange if there is room; otherwise leaves it to the caller.
  bool try_push(std::unique_ptr<Exchange>& exchange) {
    {
      const std::lock_guard lock(mutex_);
      if (closed_ || waiting_.size() >= capacity_) return false;
      waiting_.push_back(std::move(exchange));
    }
    changed_.notify_one();
    return true;
  }

  // The next exchange; null when there is none until `deadline`, or ever again: see closed().
  std::unique_ptr<Exchange> pop(TimePoint deadline) {
    std::unique_lock lock(mutex_);
    const auto awake = [this] { return closed_ || !waiting_.empty(); };
    if (deadline == kNever) {
      changed_.wait(lock, awake);
    } else {
      changed_.wait_until(lock, deadline, awake);
    }
    if (waiting_.empty()) return nullptr;
    auto exchange = std::move(waiting_.front());
    waiting_.pop_front();
    return exchange;
  }

  // The next exchange as pop() gives it and, if `together` holds for it, those behind it for which
  // it holds too: at most `limit` of them, and none that isn't there already.
  template <typename Together>
  std::vector<std::unique_ptr<Exchange>> take(TimePoint deadline, std::size_t limit,
                                              Together together) {
    std::vector<std::unique_ptr<Exchange>> taken;
    if (auto first = pop(deadline)) taken.push_back(std::move(first));
    if (taken.empty() || !together(*taken.front())) return taken;
    const std::lock_guard lock(mutex_);
    while (taken.size() < limit && !waiting_.empty() && together(*waiting_.front())) {
      taken.push_back(std::move(waiting_.front()));
      waiting_.pop_front();
    }
    return taken;
  }

  // No more come in; those inside are still handed out.
  void close() {
    {
      const std::lock_guard lock(mutex_);
      closed_ = true;
    }
    changed_.notify_all();
    ended_.notify_all();
  }

  // Waits without taking anything; true as soon as the queue is closed.
  bool closed_by(TimePoint deadline) {
    std::unique_lock lock(mutex_);
    return ended_.wait_until(lock, deadline, [this] { return closed_; });
  }

  bool closed() const {
    const std::lock_guard lock(mutex_);
    return closed_;
  }

 private:
  const std::size_t capacity_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::condition_variable ended_;  // apart, so that no arrival wakes one who won't take it
  std::deque<std::unique_ptr<Exchange>> waiting_;
  bool closed_ = false;
};

}  // namespace calytics::gateway
