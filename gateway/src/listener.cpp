#include "listener.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include <poll.h>

#include "log.hpp"

namespace calytics::gateway {
namespace {

constexpr const char* kApplication = "calytics-gateway events";
constexpr Milliseconds kFirstBackOff{100};
constexpr Milliseconds kLongestBackOff{2000};
constexpr Milliseconds kPatience{5000};
// How long it sleeps at most, for poll(2) wants a number.
constexpr Milliseconds kLongestWait{60'000};

}  // namespace

Listener::Listener(std::string url, EventStreams& streams, WakeEvent& wake)
    : url_(std::move(url)),
      streams_(streams),
      wake_(wake),
      next_attempt_(Clock::now()),
      back_off_(kFirstBackOff),
      thread_([this] { run(); }) {}

Listener::~Listener() {
  stop_.request_stop();
  wake_.set();
  thread_.join();
}

void Listener::run() {
  while (!stop_.stop_requested()) {
    auto deadline = std::min(streams_.next(), answer_due_);
    if (connection_ == nullptr && !streams_.unheard().empty())
      deadline = std::min(deadline, next_attempt_);
    poll(POLLIN, deadline);
    const auto now = Clock::now();
    if (connection_ != nullptr) {
      if (now >= answer_due_) {
        fail("no answer in time");
      } else if (receive()) {
        listen();
      }
    } else if (now >= next_attempt_ && !streams_.unheard().empty()) {
      connect();
    }
    streams_.tick(Clock::now());
  }
}

// Waits for the database's socket, for being woken, or until the deadline; true if it's the socket.
bool Listener::poll(short events, TimePoint deadline) {
  const int database = connection_ == nullptr ? -1 : PQsocket(connection_.get());
  std::array<pollfd, 2> sockets = {pollfd{wake_.descriptor(), POLLIN, 0},
                                   pollfd{database, events, 0}};
  ::poll(sockets.data(), sockets.size(), static_cast<int>(until(deadline, kLongestWait).count()));
  if (sockets[0].revents != 0) wake_.clear();
  return sockets[1].revents != 0;
}

void Listener::connect() {
  const auto deadline = Clock::now() + kPatience;
  const auto await = [&](short events) {
    while (!stop_.stop_requested() && Clock::now() < deadline)
      if (poll(events, deadline)) return true;
    return false;
  };
  if (!connect_to(url_, kApplication, connection_, await)) {
    if (stop_.stop_requested()) return;
    const auto message = error_message(connection_);
    return fail(message.empty() ? "timed out" : message);
  }
  LogLine(LogLevel::info, "listener_connected").number("failures", failures_);
  listen();
}

// Asks for the channels that are wanted and not listened to yet, unless others are being asked for.
void Listener::listen() {
  if (!asked_.empty()) return;
  asked_ = streams_.unheard();
  if (asked_.empty()) return;
  // It is idle for as long as nothing happens.
  std::string command = "set idle_session_timeout = 0";
  for (const auto& channel : asked_) {
    char* name = PQescapeIdentifier(connection_.get(), channel.data(), channel.size());
    if (name == nullptr) return fail(error_message(connection_));
    command.append("; listen ").append(name);
    PQfreemem(name);
  }
  answer_due_ = Clock::now() + kPatience;
  if (PQsendQuery(connection_.get(), command.c_str()) != 1) fail(error_message(connection_));
}

// Takes what has come; false if the connection is gone.
bool Listener::receive() {
  auto* connection = connection_.get();
  if (PQconsumeInput(connection) == 0) {
    fail(error_message(connection_));
    return false;
  }
  while (!asked_.empty() && PQisBusy(connection) == 0) {
    const ResultPtr result(PQgetResult(connection));
    if (result == nullptr) {
      streams_.heard(std::exchange(asked_, {}));
      answer_due_ = kNever;
      connected_ = true;
      failures_ = 0;
      back_off_ = kFirstBackOff;
      break;
    }
    if (PQresultStatus(result.get()) != PGRES_COMMAND_OK) {
      fail(error_message(connection_));
      return false;
    }
  }
  while (PGnotify* notification = PQnotifies(connection)) {
    streams_.notified(notification->relname, notification->extra);
    PQfreemem(notification);
  }
  return true;
}

void Listener::fail(std::string_view why) {
  // While the database is away, the first failure is logged and then one in so many.
  constexpr int kLogEvery = 20;
  if (failures_++ % kLogEvery == 0)
    LogLine(LogLevel::warning, "listener_failed").text("message", why);
  connection_.reset();
  asked_.clear();
  answer_due_ = kNever;
  if (connected_.exchange(false)) streams_.lost();
  next_attempt_ = Clock::now() + back_off_;
  back_off_ = std::min(back_off_ * 2, kLongestBackOff);
}

}  // namespace calytics::gateway
