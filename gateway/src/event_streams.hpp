// The clients that are told what the database notifies: who listens to which channels, and what
// they are sent. Guarantees: a stream begins with what was missed since the client's Last-Event-ID
// or, where that isn't known, with {"type": "reset"}: whatever you have read, read it again; from
// then on nothing is missed, or the same is said again. There are never more streams than the
// limit, a client that doesn't read is dropped (see Connection::push), and none lives longer than
// its answer allowed, so that whoever lost access is out when it comes again.
//
// It knows neither PostgreSQL nor sockets. A listener tells it what was notified, and calls tick().
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "clock.hpp"
#include "event_log.hpp"

namespace calytics::gateway {

// Where a stream goes: the client's connection. To be called by any thread; nothing waits.
class EventSink {
 public:
  EventSink() = default;
  EventSink(const EventSink&) = delete;
  EventSink& operator=(const EventSink&) = delete;
  virtual ~EventSink() = default;
  virtual void begin(std::string head) = 0;
  // False if the client is gone, or was dropped for not reading.
  virtual bool push(std::string_view text) = 0;
  virtual void end() = 0;
};

struct Subscription {
  std::vector<std::string> channels;
  std::string last_event_id;  // none if empty
  Milliseconds lifetime{};
  std::string request_id;
};

// Since the start, but for `open`.
struct StreamCounts {
  std::uint64_t open = 0;
  std::uint64_t begun = 0;
  std::uint64_t refused = 0;
  std::uint64_t dropped = 0;  // for not reading, or gone without a word
  std::uint64_t resets = 0;   // told to read everything again
  std::uint64_t events = 0;   // notified by the database, those that were the same counted once
};

class EventStreams {
 public:
  // `changed` is called when there is a new stream: look at unheard() and next() again.
  EventStreams(std::size_t limit, Milliseconds heartbeat, std::function<void()> changed);

  // Sends the head and goes on from there; false, and nothing sent, if there is no room.
  bool admit(const std::shared_ptr<EventSink>& client, std::string head, Subscription subscription);
  StreamCounts counts() const;

  // For the listener. Channels that somebody waits for and that aren't listened to:
  std::vector<std::string> unheard() const;
  void heard(const std::vector<std::string>& channels);
  void notified(std::string channel, std::string data);
  // Notifications may have been missed.
  void lost();
  // When tick() has something to do.
  TimePoint next() const;
  void tick(TimePoint now);

 private:
  struct Stream {
    std::weak_ptr<EventSink> client;
    Subscription subscription;
    TimePoint began;
    TimePoint ends;
    bool open = false;  // has been told where it begins
  };

  bool open(Stream& stream);
  void tell();
  bool send(const Stream& stream, std::string_view text);
  void prune();
  static void log_end(const Stream& stream, std::string_view why);

  const std::size_t limit_;
  const Milliseconds heartbeat_;
  const std::function<void()> changed_;

  mutable std::mutex mutex_;
  EventLog log_;
  std::vector<Stream> streams_;
  std::set<std::pair<std::string, std::string>> waiting_;  // channel and data to be told
  TimePoint next_telling_;
  TimePoint next_heartbeat_;
  std::uint64_t begun_ = 0;
  std::uint64_t refused_ = 0;
  std::uint64_t dropped_ = 0;
  std::uint64_t resets_ = 0;
  std::uint64_t events_ = 0;
};

}  // namespace calytics::gateway
