// The bounded queue between the reactor and the lanes. It never grows beyond its capacity: who
// finds it full has to say so to the client.
#pragma once

#include <algorithm>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
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
 public:
  using Exchanges = std::vector<std::unique_ptr<Exchange>>;

  explicit RequestQueue(std::size_t capacity) : capacity_(capacity) {}

  // Takes the exchange if there is room; otherwise leaves it to the caller.
  bool try_push(std::unique_ptr<Exchange>& exchange) {
    {
      const std::lock_guard lock(mutex_);
      if (closed_) return false;
      if (waiting_.size() >= capacity_) {
        ++refused_;
        return false;
      }
      waiting_.push_back(std::move(exchange));
    }
    changed_.notify_one();
    return true;
  }

  // The exchange that has waited longest and those waiting behind it that are to go with it, by
  // `together`(first, other): at most `limit`. None when there is none until `deadline`, or ever
  // again: see closed().
  template <typename Together>
  Exchanges take(TimePoint deadline, std::size_t limit, Together together) {
    std::unique_lock lock(mutex_);
    const auto awake = [this] { return closed_ || !waiting_.empty(); };
    if (deadline == kNever) {
      changed_.wait(lock, awake);
    } else {
      changed_.wait_until(lock, deadline, awake);
    }
    Exchanges taken;
    if (waiting_.empty()) return taken;
    taken.push_back(pop_front());
    // Others are looked for so far ahead and no further: a long queue must not cost a long search.
    const auto ahead = std::min(waiting_.size(), limit * kLookAhead);
    for (std::size_t at = 0, looked = 0; looked < ahead && taken.size() < limit; ++looked) {
      const auto place = waiting_.begin() + static_cast<std::ptrdiff_t>(at);
      if (together(*taken.front(), **place)) {
        taken.push_back(std::move(*place));
        waiting_.erase(place);
      } else {
        ++at;
      }
    }
    return taken;
  }

  // All that came before `when`; doesn't wait.
  Exchanges take_older(TimePoint when) {
    const std::lock_guard lock(mutex_);
    Exchanges taken;
    while (!waiting_.empty() && waiting_.front()->arrived() <= when)
      taken.push_back(pop_front());
    return taken;
  }

  // No more come in; those inside are still handed out.
  void close() {
    {
      const std::lock_guard lock(mutex_);
      closed_ = true;
    }
    changed_.notify_all();
  }

  bool closed() const {
    const std::lock_guard lock(mutex_);
    return closed_;
  }

  // Closed and empty.
  bool finished() const {
    const std::lock_guard lock(mutex_);
    return closed_ && waiting_.empty();
  }

  QueueSnapshot snapshot() const {
    const std::lock_guard lock(mutex_);
    return {waiting_.size(), capacity_, refused_};
  }

 private:
  static constexpr std::size_t kLookAhead = 8;

  std::unique_ptr<Exchange> pop_front() {
    auto exchange = std::move(waiting_.front());
    waiting_.pop_front();
    return exchange;
  }

  const std::size_t capacity_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::unique_ptr<Exchange>> waiting_;
  std::uint64_t refused_ = 0;
  bool closed_ = false;
};

}  // namespace calytics::gateway
