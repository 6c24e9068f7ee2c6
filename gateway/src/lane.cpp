#include "lane.hpp"

#include <algorithm>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <random>
#include <utility>
#include <variant>

#include "log.hpp"

namespace calytics::gateway {
namespace {

constexpr Milliseconds kFirstBackOff{50};
constexpr Milliseconds kLongestBackOff{1000};
constexpr Milliseconds kConnectTimeout{5000};
// The server cancels a statement itself; only one that doesn't is given up by us, that much later.
constexpr Milliseconds kCancelGrace{1000};
constexpr int kTransientTries = 5;
constexpr int kTransientBackOffMs = 5;
// A call that takes the server down with it must not do so for as long as a request may wait.
constexpr int kLostTries = 3;
// While the database is away each lane logs the first failure and then one in so many.
constexpr int kLogEvery = 20;

Milliseconds jittered(Milliseconds about) {
  thread_local std::minstd_rand random{std::random_device{}()};
  return about / 2 +
         Milliseconds{std::uniform_int_distribution<std::int64_t>(0, about.count())(random)};
}

bool is_write(const Exchange& exchange) {
  const auto& method = exchange.request().method;
  return method != "GET" && method != "HEAD" && method != "OPTIONS";
}

void log_error(LogLevel level, std::string_view event, const DatabaseError& error,
               std::string_view id) {
  LogLine line(level, event);
  if (!id.empty()) line.text("id", id);
  line.text("sqlstate", error.sqlstate).text("message", error.message);
}

}  // namespace

Lane::Lane(const Settings& settings, RequestQueue& queue, Connected& connected)
    : settings_(settings),
      queue_(queue),
      connected_(connected),
      database_(settings.database_url, settings.db_timeout, stop_.get_token()),
      next_attempt_(Clock::now()),
      back_off_(kFirstBackOff),
      thread_([this] {
        run();
        end_.set_value();
      }) {}

Lane::~Lane() {
  stop();
  if (thread_.joinable()) thread_.join();
}

void Lane::run() {
  for (;;) {
    if (!database_.connected()) {
      // With no lane connected somebody has to tell the clients, once they have waited long enough.
      if (connected_ > 0 && queue_.closed_by(next_attempt_)) return;
      if (Clock::now() >= next_attempt_) reconnect(Clock::now() + kConnectTimeout);
      if (!database_.connected() && connected_ > 0) continue;
    }
    auto batch =
        queue_.take(database_.connected() ? kNever : next_attempt_, settings_.batch_size, is_write);
    if (!batch.empty()) {
      serve(std::move(batch));
    } else if (queue_.closed()) {
      return;
    }
  }
}

void Lane::serve(std::vector<std::unique_ptr<Exchange>> batch) {
  if (batch.size() > 1 && database_.connected() && serve_together(batch)) return;
  for (auto& exchange : batch) {
    exchange->answer(outcome_for(*exchange));
    exchange.reset();
  }
}

// False if none of it has happened, or if that isn't known.
bool Lane::serve_together(std::span<const std::unique_ptr<Exchange>> batch) {
  std::vector<std::string> headers;
  std::vector<Call> calls;
  headers.reserve(batch.size());
  calls.reserve(batch.size());
  for (const auto& exchange : batch) {
    const auto& request = exchange->request();
    headers.push_back(exchange->headers_json());
    calls.push_back({request.method, request.path, request.query, headers.back(), request.body});
  }
  auto result = database_.call_together(calls, Clock::now() + settings_.db_timeout + kCancelGrace);
  count_connection();
  if (const auto* error = std::get_if<DatabaseError>(&result)) {
    log_error(LogLevel::warning, "batch_undone", *error, batch.front()->id());
    return false;
  }
  const auto& answers = std::get<std::vector<Answer>>(result);
  for (std::size_t i = 0; i < batch.size(); ++i)
    batch[i]->answer(answers[i]);
  return true;
}

// The answer of the database, or the gateway's own if there is none to be had.
Answer Lane::outcome_for(const Exchange& exchange) {
  const auto& request = exchange.request();
  const auto headers = exchange.headers_json();
  const Call call{request.method, request.path, request.query, headers, request.body};
  const auto give_up = exchange.arrived() + settings_.db_wait;
  int transient = 0;
  int lost = 0;
  for (;;) {
    while (!database_.connected()) {
      if (!sleep_until(std::min(next_attempt_, give_up)) || Clock::now() >= give_up)
        return unavailable_answer("database unavailable");
      reconnect(std::min(Clock::now() + kConnectTimeout, give_up));
    }
    auto result = database_.call(call, Clock::now() + settings_.db_timeout + kCancelGrace);
    count_connection();
    if (auto* answer = std::get_if<Answer>(&result)) return std::move(*answer);

    const auto& error = std::get<DatabaseError>(result);
    switch (error.fault) {
      case Fault::transient:
        log_error(LogLevel::warning, "call_retried", error, exchange.id());
        if (++transient == kTransientTries) return unavailable_answer("database busy");
        sleep_until(Clock::now() + jittered(Milliseconds{kTransientBackOffMs << transient}));
        break;
      case Fault::lost:
        log_error(LogLevel::warning, "database_lost", error, exchange.id());
        if (++lost == kLostTries) return unavailable_answer("database unavailable");
        break;
      case Fault::cancelled:
        log_error(LogLevel::error, "call_timed_out", error, exchange.id());
        return error_answer(504, "database timed out");
      case Fault::permanent:
        log_error(LogLevel::error, "call_failed", error, exchange.id());
        return error_answer(500, "internal error");
    }
  }
}

void Lane::reconnect(TimePoint deadline) {
  DatabaseError error;
  const bool connected = database_.connect(deadline, error);
  count_connection();
  if (connected) {
    LogLine(LogLevel::info, "database_connected").number("failures", failures_);
    failures_ = 0;
    back_off_ = kFirstBackOff;
    return;
  }
  if (failures_++ % kLogEvery == 0) log_error(LogLevel::warning, "connect_failed", error, "");
  next_attempt_ = Clock::now() + jittered(back_off_);
  back_off_ = std::min(back_off_ * 2, kLongestBackOff);
}

void Lane::count_connection() {
  if (std::exchange(counted_, database_.connected()) == counted_) return;
  counted_ ? ++connected_ : --connected_;
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
