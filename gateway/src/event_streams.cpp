#include "event_streams.hpp"

#include <algorithm>
#include <chrono>
#include <random>

#include "log.hpp"

namespace calytics::gateway {
namespace {

// What a client may be away for and still hear what it missed.
constexpr std::size_t kLogCapacity = 4096;
// Reading everything again takes less than reading more than this of what was missed.
constexpr std::size_t kMostMissed = 64 * 1024;
// What is notified within this time is told at once, and what is said twice in it is told once.
constexpr Milliseconds kTellInterval{250};
constexpr std::string_view kReset = R"({"type": "reset"})";

std::string random_epoch() {
  std::random_device random;
  constexpr std::string_view hex = "0123456789abcdef";
  std::string epoch;
  for (int word = 0; word < 2; ++word) {
    auto bits = random();
    for (int digit = 0; digit < 8; ++digit, bits >>= 4)
      epoch += hex[bits & 0xf];
  }
  return epoch;
}

}  // namespace

EventStreams::EventStreams(std::size_t limit, Milliseconds heartbeat, std::function<void()> changed)
    : limit_(limit),
      heartbeat_(heartbeat),
      changed_(std::move(changed)),
      log_(kLogCapacity, random_epoch()),
      next_telling_(Clock::now()),
      next_heartbeat_(Clock::now() + heartbeat) {}

bool EventStreams::admit(const std::shared_ptr<EventSink>& client, std::string head,
                         Subscription subscription) {
  {
    const std::lock_guard lock(mutex_);
    prune();
    if (streams_.size() >= limit_) {
      ++refused_;
      return false;
    }
    ++begun_;
    client->begin(std::move(head));
    const auto now = Clock::now();
    const auto ends = now + subscription.lifetime;
    auto& stream = streams_.emplace_back(Stream{client, std::move(subscription), now, ends});
    if (log_.hears(stream.subscription.channels) && !open(stream)) streams_.pop_back();
  }
  changed_();
  return true;
}

StreamCounts EventStreams::counts() const {
  const std::lock_guard lock(mutex_);
  return {streams_.size(), begun_, refused_, dropped_, resets_, events_};
}

std::vector<std::string> EventStreams::unheard() const {
  const std::lock_guard lock(mutex_);
  std::set<std::string> channels;
  for (const auto& stream : streams_)
    if (!stream.open)
      for (const auto& channel : stream.subscription.channels)
        if (!log_.hears({&channel, 1})) channels.insert(channel);
  return {channels.begin(), channels.end()};
}

void EventStreams::heard(const std::vector<std::string>& channels) {
  const std::lock_guard lock(mutex_);
  for (const auto& channel : channels)
    log_.hear(channel);
  std::erase_if(streams_, [&](Stream& stream) {
    return !stream.open && log_.hears(stream.subscription.channels) && !open(stream);
  });
}

void EventStreams::notified(std::string channel, std::string data) {
  const std::lock_guard lock(mutex_);
  if (waiting_.size() >= kLogCapacity) tell();
  waiting_.emplace(std::move(channel), std::move(data));
}

void EventStreams::lost() {
  const std::lock_guard lock(mutex_);
  log_.restart(random_epoch());
  waiting_.clear();
  for (auto& stream : streams_) {
    stream.open = false;
    stream.subscription.last_event_id.clear();
  }
}

TimePoint EventStreams::next() const {
  const std::lock_guard lock(mutex_);
  auto when = streams_.empty() ? kNever : next_heartbeat_;
  if (!waiting_.empty()) when = std::min(when, next_telling_);
  for (const auto& stream : streams_)
    when = std::min(when, stream.ends);
  return when;
}

void EventStreams::tick(TimePoint now) {
  const std::lock_guard lock(mutex_);
  prune();
  if (!waiting_.empty() && now >= next_telling_) {
    tell();
    next_telling_ = now + kTellInterval;
  }
  if (now >= next_heartbeat_) {
    const auto position = "id: " + log_.id() + "\n\n";
    std::erase_if(streams_, [&](const Stream& stream) {
      return !send(stream, stream.open ? position : std::string(":\n\n"));
    });
    next_heartbeat_ = now + heartbeat_;
  }
  std::erase_if(streams_, [&](const Stream& stream) {
    if (now < stream.ends) return false;
    if (const auto client = stream.client.lock()) client->end();
    log_end(stream, "time is up");
    return true;
  });
}

// Called with the mutex held, as is what follows. False if the client is gone.
bool EventStreams::open(Stream& stream) {
  stream.open = true;
  const auto missed = log_.since(stream.subscription.last_event_id, stream.subscription.channels);
  if (missed && missed->size() <= kMostMissed) return missed->empty() || send(stream, *missed);
  ++resets_;
  return send(stream, stream_event(log_.id(), kReset));
}

void EventStreams::tell() {
  for (const auto& [channel, data] : waiting_) {
    const auto& event = log_.append(channel, data);
    ++events_;
    std::erase_if(streams_, [&](const Stream& stream) {
      const auto& channels = stream.subscription.channels;
      return stream.open &&
             std::find(channels.begin(), channels.end(), event.channel) != channels.end() &&
             !send(stream, event.text);
    });
  }
  waiting_.clear();
}

bool EventStreams::send(const Stream& stream, std::string_view text) {
  const auto client = stream.client.lock();
  if (client != nullptr && client->push(text)) return true;
  ++dropped_;
  log_end(stream, "dropped");
  return false;
}

void EventStreams::prune() {
  std::erase_if(streams_, [&](const Stream& stream) {
    if (!stream.client.expired()) return false;
    log_end(stream, "client left");
    return true;
  });
}

void EventStreams::log_end(const Stream& stream, std::string_view why) {
  const std::chrono::duration<double, std::milli> lived = Clock::now() - stream.began;
  LogLine(LogLevel::info, "stream_ended")
      .text("id", stream.subscription.request_id)
      .text("why", why)
      .milliseconds("ms", lived.count());
}

}  // namespace calytics::gateway
