#include "request_queue.hpp"

#include <algorithm>

namespace calytics::gateway {
namespace {

// Lines that are kept although nobody stands in them.
constexpr std::size_t kKeptLines = 16;
// How long a line is served by one lane at a time after a deadlock, which takes PostgreSQL a second
// to find.
constexpr std::chrono::minutes kAlone{1};

}  // namespace

bool RequestQueue::try_push(std::unique_ptr<Exchange>& exchange) {
  WaiterPtr called;
  {
    const std::lock_guard lock(mutex_);
    if (closed_) return false;
    if (size_ >= capacity_) {
      ++refused_;
      return false;
    }
    auto& line = line_of(*exchange);
    line.waiting.push_back(std::move(exchange));
    ++size_;
    if (!has_turn(line, Clock::now())) return true;
    // Lanes that share a line are called for each request, else one is for all of them.
    if (make_ready(line) || !by_path()) called = call_lane();
  }
  wake(called);
  return true;
}

RequestQueue::Line& RequestQueue::line_of(const Exchange& exchange) {
  static const std::string only;
  const auto& name = by_path() ? exchange.request().path : only;
  const auto [entry, is_new] = lines_.try_emplace(name);
  if (is_new) entry->second.name = name;
  return entry->second;
}

RequestQueue::Batch RequestQueue::take(TimePoint deadline, std::size_t calls, std::size_t bytes) {
  std::unique_lock lock(mutex_);
  for (;;) {
    const auto again = end_patience();
    if (!ready_.empty()) break;
    if ((closed_ && size_ == 0) || Clock::now() >= deadline) return {};
    wait(lock, std::min(again, deadline));
  }
  WaiterPtr called;
  auto batch = take_ready(calls, bytes, called);
  lock.unlock();
  wake(called);
  return batch;
}

RequestQueue::Batch RequestQueue::take_next(Turn& turn, std::size_t calls, std::size_t bytes) {
  WaiterPtr called;
  Batch batch;
  {
    const std::lock_guard lock(mutex_);
    if (std::exchange(turn.queue_, nullptr) != nullptr) give_back(*turn.line_);
    if (!ready_.empty()) batch = take_ready(calls, bytes, called);
  }
  wake(called);
  return batch;
}

RequestQueue::Batch RequestQueue::take_ready(std::size_t calls, std::size_t bytes,
                                             WaiterPtr& called) {
  Batch batch;
  auto& line = *ready_.front();
  ready_.pop_front();
  line.ready = false;
  fill(batch, line, calls, bytes);
  if (closed_ && size_ == 0) call_all_lanes();
  const auto now = Clock::now();
  if (by_path()) {
    line.since = now;
    if (++line.turns == 1) held_.push_back(&line);
    batch.turn = Turn(*this, line);
  }
  if (!line.waiting.empty() && has_turn(line, now) && make_ready(line) && by_path())
    called = call_lane();
  return batch;
}

void RequestQueue::fill(Batch& batch, Line& line, std::size_t calls, std::size_t bytes) {
  std::size_t sum = 0;
  do {
    sum += line.waiting.front()->request().bytes;
    batch.exchanges.push_back(std::move(line.waiting.front()));
    line.waiting.pop_front();
    --size_;
  } while (!line.waiting.empty() && batch.exchanges.size() < calls &&
           sum + line.waiting.front()->request().bytes <= bytes);
}

// Whether another lane may serve the line.
bool RequestQueue::has_turn(const Line& line, TimePoint now) const {
  if (!by_path() || line.turns == 0) return true;
  if (now >= line.since + order_.patience) return true;
  return now >= line.alone_until && line.turns < order_.turns;
}

// Readies the lines that have waited for their turn long enough; when to look again. A turn that
// begins meanwhile isn't over any sooner.
TimePoint RequestQueue::end_patience() {
  if (!by_path()) return kNever;
  const auto now = Clock::now();
  auto again = now + order_.patience;
  for (auto* line : held_) {
    const auto end = line->since + order_.patience;
    if (!line->waiting.empty() && has_turn(*line, now)) {
      make_ready(*line);
    } else if (end > now) {
      again = std::min(again, end);
    }
  }
  return again;
}

// False if it was already.
bool RequestQueue::make_ready(Line& line) {
  if (line.ready) return false;
  line.ready = true;
  ready_.push_back(&line);
  return true;
}

void RequestQueue::end_turn(Line& line) {
  WaiterPtr called;
  {
    const std::lock_guard lock(mutex_);
    if (give_back(line)) called = call_lane();
  }
  wake(called);
}

// True if the line is to be served by a lane that has to be called.
bool RequestQueue::give_back(Line& line) {
  if (--line.turns == 0) std::erase(held_, &line);
  if (line.waiting.empty()) {
    if (lines_.size() > kKeptLines) forget_idle_lines();
    return false;
  }
  return has_turn(line, Clock::now()) && make_ready(line);
}

void RequestQueue::wait(std::unique_lock<std::mutex>& lock, TimePoint until) {
  const auto self = std::make_shared<Waiter>();
  waiters_.push_back(self);
  const auto called = [&self] { return self->called; };
  if (until == kNever) {
    self->alarm.wait(lock, called);
  } else if (!self->alarm.wait_until(lock, until, called)) {
    std::erase(waiters_, self);
  }
}

RequestQueue::WaiterPtr RequestQueue::call_lane() {
  if (waiters_.empty()) return nullptr;
  auto last = std::move(waiters_.back());
  waiters_.pop_back();
  last->called = true;
  return last;
}

void RequestQueue::wake(const WaiterPtr& called) {
  if (called != nullptr) called->alarm.notify_one();
}

void RequestQueue::call_all_lanes() {
  while (!waiters_.empty())
    wake(call_lane());
}

void RequestQueue::serve_alone(Line& line) {
  const std::lock_guard lock(mutex_);
  line.alone_until = Clock::now() + kAlone;
}

// Paths are the clients' choice: what nobody uses must not add up.
void RequestQueue::forget_idle_lines() {
  std::erase_if(lines_, [](const auto& entry) {
    const auto& line = entry.second;
    return line.turns == 0 && line.waiting.empty() && !line.ready &&
           Clock::now() >= line.alone_until;
  });
}

RequestQueue::Exchanges RequestQueue::take_older(TimePoint when) {
  const std::lock_guard lock(mutex_);
  Exchanges taken;
  for (auto& [name, line] : lines_)
    while (!line.waiting.empty() && line.waiting.front()->arrived() <= when) {
      taken.push_back(std::move(line.waiting.front()));
      line.waiting.pop_front();
      --size_;
    }
  std::erase_if(ready_, [](Line* line) {
    if (!line->waiting.empty()) return false;
    line->ready = false;
    return true;
  });
  forget_idle_lines();
  return taken;
}

void RequestQueue::close() {
  const std::lock_guard lock(mutex_);
  closed_ = true;
  call_all_lanes();
}

bool RequestQueue::closed() const {
  const std::lock_guard lock(mutex_);
  return closed_;
}

bool RequestQueue::finished() const {
  const std::lock_guard lock(mutex_);
  return closed_ && size_ == 0;
}

QueueSnapshot RequestQueue::snapshot() const {
  const std::lock_guard lock(mutex_);
  return {size_, capacity_, refused_};
}

}  // namespace calytics::gateway
