#include "request_counts.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace calytics::gateway {
namespace {

constexpr std::string_view kOther = "other";
constexpr std::size_t kMostClasses = 32;

}  // namespace

void RequestCounts::count(const AnsweredRequest& request) {
  const std::lock_guard lock(mutex_);
  auto found = classes_.find(request.request_class.empty() ? kOther : request.request_class);
  if (found == classes_.end()) {
    const bool known = !request.request_class.empty() && classes_.size() < kMostClasses;
    found = classes_.try_emplace(std::string(known ? request.request_class : kOther)).first;
  }
  auto& counts = found->second;
  ++counts.statuses[request.status];
  const auto* bound = std::lower_bound(kBounds.begin(), kBounds.end(), request.seconds);
  ++counts.durations.at(static_cast<std::size_t>(bound - kBounds.begin()));
  counts.seconds += request.seconds;
  bytes_in_ += request.bytes_in;
  bytes_out_ += request.bytes_out;
}

void RequestCounts::write(MetricsText& text) const {
  const std::lock_guard lock(mutex_);
  text.family("calytics_gateway_requests_total", "counter", "Requests answered.");
  for (const auto& [name, counts] : classes_)
    for (const auto& [status, count] : counts.statuses)
      text.sample(static_cast<double>(count),
                  {{"class", name}, {"status", std::to_string(status)}});
  text.family("calytics_gateway_request_seconds", "histogram",
              "Time from a request's arrival to its answer.");
  for (const auto& [name, counts] : classes_) {
    std::uint64_t below = 0;
    for (std::size_t i = 0; i < kBounds.size(); ++i) {
      below += counts.durations.at(i);
      std::array<char, 32> bound{};
      auto* const end = std::to_chars(bound.data(), bound.data() + bound.size(), kBounds.at(i),
                                      std::chars_format::fixed)
                            .ptr;
      text.sample(
          static_cast<double>(below),
          {{"class", name}, {"le", {bound.data(), static_cast<std::size_t>(end - bound.data())}}},
          "_bucket");
    }
    const auto all = static_cast<double>(below + counts.durations.back());
    text.sample(all, {{"class", name}, {"le", "+Inf"}}, "_bucket");
    text.sample(counts.seconds, {{"class", name}}, "_sum");
    text.sample(all, {{"class", name}}, "_count");
  }
  text.counter("calytics_gateway_received_bytes_total", "Bytes of requests.",
               static_cast<double>(bytes_in_));
  text.counter("calytics_gateway_sent_bytes_total", "Bytes of answers, streams' heads among them.",
               static_cast<double>(bytes_out_));
}

}  // namespace calytics::gateway
