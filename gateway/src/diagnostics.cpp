#include "diagnostics.hpp"

#include <algorithm>
#include <cstddef>
#include <utility>

namespace calytics::gateway {
namespace {

constexpr std::size_t kMostRemembered = 8;

bool reads(const Request& request, std::string_view path) {
  return request.path == path && (request.method == "GET" || request.method == "HEAD");
}

// As the database answers whatever a path doesn't take.
Answer live(const Request& request) {
  const Header allow{"Allow", "GET, HEAD, OPTIONS"};
  if (request.method == "OPTIONS") return {204, {allow}, ""};
  if (!is_safe(request)) {
    auto answer = error_answer(405, "this address takes " + allow.value);
    answer.headers.push_back(allow);
    return answer;
  }
  return {200,
          {{"Content-Type", "application/json"}, {"Cache-Control", "no-store"}},
          "{\"status\": \"live\"}\n"};
}

std::string_view authorization_of(const Request& request) {
  for (const auto& header : request.headers)
    if (header.name == "authorization") return header.value;
  return {};
}

// In a time that doesn't tell how much of it is right.
bool same(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  unsigned difference = 0;
  for (std::size_t i = 0; i < a.size(); ++i)
    difference |= static_cast<unsigned char>(a[i]) ^ static_cast<unsigned char>(b[i]);
  return difference == 0;
}

}  // namespace

Diagnostics::Diagnostics(std::function<bool()> has_database,
                         std::function<void(MetricsText&)> write)
    : has_database_(std::move(has_database)), write_(std::move(write)) {}

bool Diagnostics::is_probe(const Request& request) {
  return reads(request, "/ready") || reads(request, "/metrics");
}

std::optional<Answer> Diagnostics::answer_alone(const Request& request) const {
  if (request.path == "/live") return live(request);
  if (is_probe(request) && !has_database_()) return unavailable_answer("database unavailable");
  return std::nullopt;
}

void Diagnostics::complete(const Request& request, Answer& answer) {
  if (!reads(request, "/metrics")) return;
  const auto authorization = authorization_of(request);
  if (answer.status == 200) {
    remember(authorization, true);
    answer.body += metrics(true);
  } else if (answer.status < 500) {
    remember(authorization, false);
  } else if (was_let_in(authorization)) {
    answer = {200,
              {{"Content-Type", "text/plain; version=0.0.4; charset=utf-8"},
               {"Cache-Control", "no-store"}},
              metrics(false)};
  }
}

std::string Diagnostics::metrics(bool of_database) const {
  MetricsText text;
  text.gauge(
      "calytics_gateway_database_answered",
      "Whether the database's metrics are among these; 0: it is away, or didn't answer in time.",
      of_database ? 1 : 0);
  write_(text);
  requests_.write(text);
  return text.text();
}

bool Diagnostics::was_let_in(std::string_view authorization) const {
  const std::lock_guard lock(mutex_);
  return std::any_of(let_in_.begin(), let_in_.end(),
                     [&](const auto& known) { return same(known, authorization); });
}

void Diagnostics::remember(std::string_view authorization, bool let_in) {
  if (authorization.empty()) return;
  const std::lock_guard lock(mutex_);
  std::erase(let_in_, authorization);
  if (!let_in) return;
  if (let_in_.size() == kMostRemembered) let_in_.erase(let_in_.begin());
  let_in_.emplace_back(authorization);
}

}  // namespace calytics::gateway
