// A lane: a thread with a database connection of its own that takes requests from the queue, has
// the database answer them and sends the answers. Writes that wait are taken together, as one
// transaction, and answered after its commit; so a lane does more at a time the more there is to
// do. If one of them raises, all are done again one by one, and nobody pays for a neighbour. It
// decides what a failure means for the request: wait for the database to come back, try again, or
// give up honestly. Trying again after a lost connection is safe because cal.http is idempotent: a
// webhook that was stored and comes again is a duplicate.
#pragma once

#include <atomic>
#include <cstddef>
#include <future>
#include <memory>
#include <span>
#include <stop_token>
#include <thread>
#include <vector>

#include "clock.hpp"
#include "database.hpp"
#include "exchange.hpp"
#include "request_queue.hpp"
#include "settings.hpp"

namespace calytics::gateway {

class Lane {
 public:
  // How many lanes of a queue have a connection; one without leaves the requests to those.
  using Connected = std::atomic<std::size_t>;

  // All must outlive the lane. It ends when the queue is closed and empty.
  Lane(const Settings& settings, RequestQueue& queue, Connected& connected);
  Lane(const Lane&) = delete;
  Lane& operator=(const Lane&) = delete;
  ~Lane();

  // Waits for the end; false if it hasn't come by then.
  bool ended_by(TimePoint deadline) {
    return ended_.wait_until(deadline) == std::future_status::ready;
  }
  // Gives up whatever is being waited for: what the database hasn't answered is answered 503.
  void stop() { stop_.request_stop(); }

 private:
  void run();
  void serve(std::vector<std::unique_ptr<Exchange>> batch);
  bool serve_together(std::span<const std::unique_ptr<Exchange>> batch);
  Answer outcome_for(const Exchange& exchange);
  void reconnect(TimePoint deadline);
  void count_connection();
  bool sleep_until(TimePoint when);

  const Settings& settings_;
  RequestQueue& queue_;
  Connected& connected_;
  bool counted_ = false;  // in connected_
  std::stop_source stop_;
  Database database_;
  TimePoint next_attempt_;
  Milliseconds back_off_;
  int failures_ = 0;
  std::promise<void> end_;
  std::future<void> ended_ = end_.get_future();
  std::thread thread_;
};

}  // namespace calytics::gateway
