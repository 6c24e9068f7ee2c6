#include "lane.hpp"

#include <algorithm>
#include <iterator>
#include <random>
#include <string_view>
#include <utility>
#include <variant>

#include "log.hpp"

namespace calytics::gateway {
namespace {

constexpr Milliseconds kFirstBackOff{50};
constexpr Milliseconds kLongestBackOff{1000};
constexpr Milliseconds kConnectTimeout{5000};
// How often a lane that has no connection looks after those who wait.
constexpr Milliseconds kAwayInterval{50};
// For a replica there is something else to connect to.
constexpr Milliseconds kReplicaTimeout{2000};
constexpr Milliseconds kReturnInterval{10000};
// The server cancels a statement itself; only one that doesn't is given up by us, that much later.
constexpr Milliseconds kCancelGrace{1000};
constexpr int kTransientTries = 5;
constexpr int kTransientBackOffMs = 5;
// A call that takes the server down with it must not do so for as long as a request may wait.
constexpr int kLostTries = 3;
// While the database is away each lane logs the first failure and then one in so many.
constexpr int kLogEvery = 20;
// What goes through libpq's buffers at a time, which never shrink again.
constexpr std::size_t kBatchBytes = 1U << 20;

Milliseconds jittered(Milliseconds about) {
  thread_local std::minstd_rand random{std::random_device{}()};
  return about / 2 +
         Milliseconds{std::uniform_int_distribution<std::int64_t>(0, about.count())(random)};
}

void log_error(LogLevel level, std::string_view event, const DatabaseError& error,
               std::string_view id) {
  LogLine line(level, event);
  if (!id.empty()) line.text("id", id);
  line.text("sqlstate", error.sqlstate).text("message", error.message);
}

bool is_deadlock(const DatabaseError& error) {
  return error.sqlstate == "40P01";
}

bool asks_again(const Answer& answer) {
  return answer.status == 503 && std::ranges::any_of(answer.headers, [](const auto& header) {
           return header.name == "x-calytics-again";
         });
}

Call call_of(const Exchange& exchange, std::string_view headers) {
  const auto& request = exchange.request();
  return {request.method, request.path, request.query, headers, request.body};
}

}  // namespace

Lane::Lane(const Settings& settings, const LaneDuty& duty, RequestQueue& queue,
           LaneCounters& counters)
    : settings_(settings),
      duty_(duty),
      queue_(queue),
      counters_(counters),
      database_(settings.db_timeout, duty.read_only, stop_.get_token()),
      next_attempt_(Clock::now()),
      back_off_(kFirstBackOff),
      thread_([this] {
        run();
        end_.set_value();
      }) {
  ++counters_.lanes;
}

Lane::~Lane() {
  stop();
  if (thread_.joinable()) thread_.join();
  --counters_.lanes;
}

void Lane::run() {
  while (await_connection()) {
    if (Clock::now() >= return_at_) return_to_replica();
    auto batch = queue_.take(return_at_, duty_.batch_size, kBatchBytes);
    if (batch.exchanges.empty() && queue_.finished()) break;
    if (batch.exchanges.empty()) continue;
    ++counters_.busy;
    serve(std::move(batch));
    --counters_.busy;
  }
  database_.disconnect();
  note_connection();
}

// False when there is nothing more to do. A lane without a connection leaves the requests to those
// that have one; if none has, it tells the clients that have waited long enough.
bool Lane::await_connection() {
  while (!database_.connected()) {
    const bool others = counters_.connected > 0;
    if (queue_.finished() || (others && queue_.closed())) return false;
    if (!others)
      for (auto& exchange : queue_.take_older(Clock::now() - settings_.db_wait))
        exchange->answer(give_up("database unavailable"));
    if (Clock::now() >= next_attempt_) {
      connect(Clock::now() + kConnectTimeout);
    } else if (!sleep_until(std::min(next_attempt_, Clock::now() + kAwayInterval))) {
      return false;
    }
  }
  return true;
}

// One transaction behind the other, as long as there is more to do: see receive().
void Lane::serve(RequestQueue::Batch batch) {
  RequestQueue::Exchanges undone;
  if (batch.exchanges.size() == 1) {
    undone = std::move(batch.exchanges);
  } else {
    send(batch);
  }
  while (!batch.exchanges.empty()) {
    RequestQueue::Batch next;
    receive(batch, next, undone.empty());
    std::ranges::move(batch.exchanges, std::back_inserter(undone));
    if (!next.exchanges.empty()) {
      batch = std::move(next);
    } else {
      batch.exchanges.clear();
    }
  }
  for (auto& exchange : undone)
    serve_alone(std::move(exchange), batch.turn);
}

// Where that fails there is no connection left, and nothing to receive.
void Lane::send(const RequestQueue::Batch& batch) {
  std::vector<std::string> headers;
  std::vector<Call> calls;
  headers.reserve(batch.exchanges.size());
  calls.reserve(batch.exchanges.size());
  for (const auto& exchange : batch.exchanges) {
    headers.push_back(exchange->headers_json(!headers.empty()));
    calls.push_back(call_of(*exchange, headers.back()));
  }
  const auto deadline = Clock::now() + settings_.db_timeout + kCancelGrace;
  if (const auto error = database_.send_together(calls, deadline))
    log_error(LogLevel::warning, "batch_not_sent", *error, batch.exchanges.front()->id());
}

// Answers what was sent, and leaves what has not happened, or may not have. While it is committed
// the next is on its way already: those that have to be asked again, which the first never has, or
// else, if there may be more, those that wait.
void Lane::receive(RequestQueue::Batch& batch, RequestQueue::Batch& next, bool more) {
  const auto send_next = [&](std::vector<Answer>& answers) {
    next.exchanges = take_held_up(batch.exchanges, answers);
    if (!next.exchanges.empty()) {
      next.turn = std::move(batch.turn);
    } else if (more) {
      next = queue_.take_next(batch.turn, duty_.batch_size, kBatchBytes);
    }
    if (!next.exchanges.empty()) send(next);
  };
  auto result = database_.receive_together(
      batch.exchanges.size(), Clock::now() + settings_.db_timeout + kCancelGrace, send_next);
  note_connection();
  if (const auto* error = std::get_if<DatabaseError>(&result)) {
    log_error(LogLevel::warning, "batch_undone", *error, batch.exchanges.front()->id());
    ++(error->fault == Fault::lost ? counters_.lost : counters_.undone);
    if (is_deadlock(*error)) batch.turn.deadlocked();
    return;
  }
  auto& answers = std::get<std::vector<Answer>>(result);
  counters_.committed(answers.size());
  const LogBatch lines;
  for (std::size_t i = 0; i < answers.size(); ++i)
    batch.exchanges[i]->answer(std::move(answers[i]));
  batch.exchanges.clear();
}

// Those that another transaction held up; the others and their answers stay.
RequestQueue::Exchanges Lane::take_held_up(RequestQueue::Exchanges& exchanges,
                                           std::vector<Answer>& answers) {
  RequestQueue::Exchanges again;
  std::size_t kept = 0;
  for (std::size_t i = 0; i < exchanges.size(); ++i) {
    if (i > 0 && asks_again(answers[i])) {
      again.push_back(std::move(exchanges[i]));
    } else if (kept++ < i) {
      exchanges[kept - 1] = std::move(exchanges[i]);
      answers[kept - 1] = std::move(answers[i]);
    }
  }
  exchanges.resize(kept);
  answers.resize(kept);
  counters_.held_up += again.size();
  return again;
}

void Lane::serve_alone(std::unique_ptr<Exchange> exchange, RequestQueue::Turn& turn) {
  if (exchange->answered()) return;  // its client could not wait
  if (auto answer = outcome_for(*exchange, turn)) return exchange->answer(std::move(*answer));
  ++counters_.passed_on;
  if (!duty_.writers->try_push(exchange)) exchange->answer(give_up("too many requests waiting"));
}

// The answer of the database, or the gateway's own if there is none to be had; none if the write
// lanes have to find out.
std::optional<Answer> Lane::outcome_for(const Exchange& exchange, RequestQueue::Turn& turn) {
  const auto headers = exchange.headers_json();
  const auto call = call_of(exchange, headers);
  const auto patience = exchange.arrived() + settings_.db_wait;
  int transient = 0;
  int lost = 0;
  for (;;) {
    while (!database_.connected()) {
      turn.end();  // other lanes may be better off
      if (!sleep_until(std::min(next_attempt_, patience)) || Clock::now() >= patience)
        return give_up("database unavailable");
      connect(std::min(Clock::now() + kConnectTimeout, patience));
    }
    auto result = database_.call(call, Clock::now() + settings_.db_timeout + kCancelGrace);
    note_connection();
    if (auto* answer = std::get_if<Answer>(&result)) {
      counters_.committed(1);
      if (is_refused_by_replica(*answer)) return std::nullopt;
      return std::move(*answer);
    }

    const auto& error = std::get<DatabaseError>(result);
    switch (error.fault) {
      case Fault::transient:
        log_error(LogLevel::warning, "call_retried", error, exchange.id());
        if (is_deadlock(error)) turn.deadlocked();
        if (++transient == kTransientTries) return give_up("database busy");
        ++counters_.retried;
        sleep_until(Clock::now() + jittered(Milliseconds{kTransientBackOffMs << transient}));
        break;
      case Fault::read_only:
        if (duty_.writers != nullptr) return std::nullopt;
        // This server takes no writes, so it isn't the one that is meant, or not any more.
        database_.disconnect();
        note_connection();
        [[fallthrough]];
      case Fault::lost:
        log_error(LogLevel::warning, "database_lost", error, exchange.id());
        ++counters_.lost;
        if (++lost == kLostTries) return give_up("database unavailable");
        break;
      case Fault::cancelled:
        log_error(LogLevel::error, "call_timed_out", error, exchange.id());
        ++counters_.timed_out;
        return error_answer(504, "database timed out");
      case Fault::permanent:
        log_error(LogLevel::error, "call_failed", error, exchange.id());
        ++counters_.failed;
        return error_answer(500, "internal error");
    }
  }
}

// Who has just logged in, or something that was just made, is known to a replica a moment later.
bool Lane::is_refused_by_replica(const Answer& answer) const {
  return on_replica() && (answer.status == 401 || answer.status == 403 || answer.status == 404);
}

Answer Lane::give_up(const std::string& reason) {
  ++counters_.given_up;
  return unavailable_answer(reason);
}

void Lane::connect(TimePoint deadline) {
  DatabaseError error;
  for (place_ = 0; place_ < duty_.urls.size(); ++place_) {
    const bool last = place_ + 1 == duty_.urls.size();
    const auto by = last ? deadline : std::min(deadline, Clock::now() + kReplicaTimeout);
    if (database_.connect(duty_.urls[place_], by, error)) break;
    if (failures_ % kLogEvery == 0)
      log_error(LogLevel::warning, last ? "connect_failed" : "replica_away", error, "");
  }
  note_connection();
  if (database_.connected()) {
    LogLine(LogLevel::info, "database_connected").number("failures", failures_);
    failures_ = 0;
    back_off_ = kFirstBackOff;
    return_at_ = place_ == 0 ? kNever : Clock::now() + jittered(kReturnInterval);
    return;
  }
  ++failures_;
  next_attempt_ = Clock::now() + jittered(back_off_);
  back_off_ = std::min(back_off_ * 2, kLongestBackOff);
}

// The present connection stays until there is a better one.
void Lane::return_to_replica() {
  Database replica(settings_.db_timeout, duty_.read_only, stop_.get_token());
  DatabaseError error;
  if (replica.connect(duty_.urls.front(), Clock::now() + kReplicaTimeout, error)) {
    database_ = std::move(replica);
    place_ = 0;
    return_at_ = kNever;
    note_connection();
    LogLine(LogLevel::info, "replica_back");
  } else {
    return_at_ = Clock::now() + jittered(kReturnInterval);
  }
}

void Lane::note_connection() {
  const bool connected = database_.connected();
  if (std::exchange(counted_connected_, connected) != connected)
    connected ? ++counters_.connected : --counters_.connected;
  const bool on_fallback = connected && place_ > 0;
  if (std::exchange(counted_on_fallback_, on_fallback) != on_fallback)
    on_fallback ? ++counters_.on_fallback : --counters_.on_fallback;
}

// False if told to stop.
bool Lane::sleep_until(TimePoint when) {
  std::mutex mutex;
  std::unique_lock lock(mutex);
  std::condition_variable_any alarm;
  alarm.wait_until(lock, stop_.get_token(), when, [] { return false; });
  return !stop_.stop_requested();
}

}  // namespace calytics::gateway
