#include "event_log.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

namespace calytics::gateway {

std::string stream_event(std::string_view id, std::string_view data) {
  std::string text = "id: ";
  text.append(id).append("\n");
  for (;;) {
    const auto end = data.find_first_of("\r\n");
    text.append("data: ").append(data.substr(0, end)).append("\n");
    if (end == std::string_view::npos) return text + '\n';
    data.remove_prefix(end + (data.substr(end).starts_with("\r\n") ? 2 : 1));
  }
}

EventLog::EventLog(std::size_t capacity, std::string epoch)
    : capacity_(capacity), epoch_(std::move(epoch)) {}

void EventLog::restart(std::string epoch) {
  epoch_ = std::move(epoch);
  latest_ = 0;
  forgotten_ = 0;
  events_.clear();
  heard_since_.clear();
}

void EventLog::hear(const std::string& channel) {
  // A number of its own tells apart who had an id before.
  if (!heard_since_.contains(channel)) heard_since_.emplace(channel, ++latest_);
}

bool EventLog::hears(std::span<const std::string> channels) const {
  return std::all_of(channels.begin(), channels.end(),
                     [&](const auto& channel) { return heard_since_.contains(channel); });
}

const Event& EventLog::append(const std::string& channel, std::string_view data) {
  if (events_.size() == capacity_) {
    forgotten_ = events_.front().number;
    events_.pop_front();
  }
  ++latest_;
  return events_.emplace_back(Event{latest_, channel, stream_event(id(), data)});
}

std::optional<std::string> EventLog::since(std::string_view id,
                                           std::span<const std::string> channels) const {
  if (id.size() <= epoch_.size() || !id.starts_with(epoch_) || id[epoch_.size()] != '-')
    return std::nullopt;
  const auto digits = id.substr(epoch_.size() + 1);
  std::uint64_t number = 0;
  const auto* end = digits.data() + digits.size();
  const auto [stop, fault] = std::from_chars(digits.data(), end, number);
  if (fault != std::errc{} || stop != end || number > latest_ || number < forgotten_)
    return std::nullopt;
  for (const auto& channel : channels) {
    const auto heard = heard_since_.find(channel);
    if (heard == heard_since_.end() || heard->second > number) return std::nullopt;
  }
  std::string missed;
  for (const auto& event : events_)
    if (event.number > number &&
        std::find(channels.begin(), channels.end(), event.channel) != channels.end())
      missed += event.text;
  return missed;
}

}  // namespace calytics::gateway
