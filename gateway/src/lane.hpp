// A lane: a thread with a database connection of its own that takes requests from a queue, has the
// database answer them and sends the answers. Writes that wait are taken together, as one
// transaction, and answered after its commit; so a lane does more at a time the more there is to
// do. As one transaction commits the next is sent, so that the server goes on without a pause. Only
// those of one path go together: they take about as long, and ask the same of durability. Only the
// first waits for what other transactions have their hands on, and so transactions don't wait for
// each other; the others are then answered that they are to be asked again, and are.
// If one of them raises, or deadlocks with whoever else writes, all are done again one by one, and
// nobody pays for a neighbour.
//
// It decides what a failure means for the request: wait for the database to come back, try again,
// or give up honestly. A call whose connection was lost may have been committed or not, and is made
// again: at least once is right for Cal.com, which never sends a webhook twice. cal.http makes it
// exactly once for webhooks (the second is a duplicate) and for events that have an eventId; an
// event without one may in that moment be counted twice.
//
// A read that turns out to write is passed on to the write lanes, and so is what a replica refuses:
// it may not know a caller yet whom the database itself knows.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <future>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

#include "clock.hpp"
#include "database.hpp"
#include "exchange.hpp"
#include "lane_counters.hpp"
#include "request_queue.hpp"
#include "settings.hpp"

namespace calytics::gateway {

// What the lanes of a kind are there for.
struct LaneDuty {
  std::vector<std::string> urls;  // connects to the first of them that is there
  bool read_only = false;
  std::size_t batch_size = 1;
  RequestQueue* writers = nullptr;  // who takes what a read-only lane can't do
};

class Lane {
 public:
  // All must outlive the lane. It ends when the queue is closed and empty.
  Lane(const Settings& settings, const LaneDuty& duty, RequestQueue& queue, LaneCounters& counters);
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
  bool await_connection();
  void serve(RequestQueue::Batch batch);
  void send(const RequestQueue::Batch& batch);
  void receive(RequestQueue::Batch& batch, RequestQueue::Batch& next, bool more);
  RequestQueue::Exchanges take_held_up(RequestQueue::Exchanges& exchanges,
                                       std::vector<Answer>& answers);
  void serve_alone(std::unique_ptr<Exchange> exchange, RequestQueue::Turn& turn);
  std::optional<Answer> outcome_for(const Exchange& exchange, RequestQueue::Turn& turn);
  bool is_refused_by_replica(const Answer& answer) const;
  Answer give_up(const std::string& reason);
  void connect(TimePoint deadline);
  void return_to_replica();
  void note_connection();
  bool on_replica() const { return duty_.urls.size() > 1 && place_ == 0; }
  bool sleep_until(TimePoint when);

  const Settings& settings_;
  const LaneDuty& duty_;
  RequestQueue& queue_;
  LaneCounters& counters_;
  std::stop_source stop_;
  Database database_;
  std::size_t place_ = 0;           // among the duty's urls: where the connection goes
  bool counted_connected_ = false;  // in counters_
  bool counted_on_fallback_ = false;
  TimePoint return_at_ = kNever;  // when to look whether the replica is back
  TimePoint next_attempt_;
  Milliseconds back_off_;
  int failures_ = 0;
  std::promise<void> end_;
  std::future<void> ended_ = end_.get_future();
  std::thread thread_;
};

}  // namespace calytics::gateway
