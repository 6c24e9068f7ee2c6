#include "courier.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <utility>

#include "log.hpp"
#include "text.hpp"

namespace calytics::gateway {
namespace {

constexpr std::size_t kMaxBody = std::size_t{32} << 20;
// How soon the database is asked again that wants nothing just now, and that couldn't be asked.
constexpr Milliseconds kLongestRest{1000};
constexpr Milliseconds kRestAfterFailure{5000};

constexpr int kFetch = 200;  // else there is nothing to get now

std::string take(std::vector<Header>& headers, std::string_view name) {
  const auto found = std::ranges::find(headers, name, &Header::name);
  if (found == headers.end()) return {};
  auto value = std::move(found->value);
  headers.erase(found);
  return value;
}

Milliseconds wait_of(std::vector<Header>& headers) {
  const auto text = take(headers, "wait");
  std::int64_t wait = kLongestRest.count();
  std::from_chars(text.data(), text.data() + text.size(), wait);
  return std::clamp(Milliseconds(wait), Milliseconds{0}, kLongestRest);
}

std::string headers_json(const Fetched& fetched) {
  std::string json = R"({"status":")" + std::to_string(fetched.status) + '"';
  for (const auto& header : fetched.headers) {
    if (header.name == "status") continue;
    json += ',';
    append_json_string(json, header.name);
    json += ':';
    append_json_string(json, header.value);
  }
  return json + '}';
}

}  // namespace

Courier::Courier(std::string url, Milliseconds db_timeout)
    : url_(std::move(url)),
      timeout_(db_timeout),
      fetcher_(kMaxBody),
      database_(db_timeout, false, stop_.get_token(), "cal.sync_step"),
      thread_([this, stop = stop_.get_token()] { run(stop); }) {}

Courier::~Courier() {
  stop_.request_stop();
  fetcher_.abort();
  thread_.join();
}

void Courier::run(const std::stop_token& stop) {
  Fetched fetched;
  std::string fetch;
  while (!stop.stop_requested()) {
    auto answer = bring(std::exchange(fetched, {}), std::exchange(fetch, {}));
    if (!answer) {
      rest(stop, kRestAfterFailure);
    } else if (answer->status != kFetch) {
      rest(stop, wait_of(answer->headers));
    } else {
      fetch = take(answer->headers, "fetch");
      const auto url = take(answer->headers, "url");
      fetched = fetcher_.get(url, answer->headers);
      LogLine(LogLevel::debug, "fetched")
          .number("status", fetched.status)
          .text("problem", fetched.problem)
          .number("bytes", static_cast<std::int64_t>(fetched.body.size()));
    }
  }
}

std::optional<Answer> Courier::bring(const Fetched& fetched, const std::string& fetch) {
  DatabaseError error;
  if (!database_.connected() && !database_.connect(url_, Clock::now() + timeout_, error)) {
    fail(error);
    return std::nullopt;
  }
  const auto headers = headers_json(fetched);
  auto result =
      database_.call({fetch, "", fetched.problem, headers, fetched.body}, Clock::now() + timeout_);
  if (const auto* failure = std::get_if<DatabaseError>(&result)) {
    fail(*failure);
    return std::nullopt;
  }
  failures_ = 0;
  return std::move(std::get<Answer>(result));
}

// While the database is away, the first failure is logged and then one in so many.
void Courier::fail(const DatabaseError& error) {
  constexpr int kLogEvery = 20;
  if (failures_++ % kLogEvery == 0)
    LogLine(LogLevel::warning, "sync_failed")
        .text("sqlstate", error.sqlstate)
        .text("message", error.message);
}

void Courier::rest(const std::stop_token& stop, Milliseconds time) {
  std::unique_lock lock(mutex_);
  rested_.wait_for(lock, stop, time, [] { return false; });
}

}  // namespace calytics::gateway
