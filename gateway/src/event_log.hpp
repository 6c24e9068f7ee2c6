// What was told lately and under which ids, so that a client whose stream was cut off hears what it
// missed, or learns that this isn't known any more.
//
// An id is the log's epoch and a number that counts up within it. An epoch ends with whatever the
// log may have missed, be it a lost database or a restart of the gateway; ids of other epochs are
// not known, so that no client takes silence for "nothing happened".
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace calytics::gateway {

struct Event {
  std::uint64_t number = 0;
  std::string channel;
  std::string text;  // as an event stream has it
};

class EventLog {
 public:
  EventLog(std::size_t capacity, std::string epoch);

  // A new epoch, in which nothing has been heard yet.
  void restart(std::string epoch);
  // From here on nothing that is told in the channel is missed.
  void hear(const std::string& channel);
  bool hears(std::span<const std::string> channels) const;

  const Event& append(const std::string& channel, std::string_view data);

  // Of the latest event.
  std::string id() const { return id_of(latest_); }
  // What was told in the channels after the event with that id, as one text; nothing if that isn't
  // known.
  std::optional<std::string> since(std::string_view id,
                                   std::span<const std::string> channels) const;

 private:
  std::string id_of(std::uint64_t number) const { return epoch_ + '-' + std::to_string(number); }

  const std::size_t capacity_;
  std::string epoch_;
  std::uint64_t latest_ = 0;
  std::uint64_t forgotten_ = 0;  // the latest event that is no longer kept
  std::deque<Event> events_;     // the latest ones
  std::map<std::string, std::uint64_t, std::less<>> heard_since_;
};

// An event as a stream has it: a field a line, and an empty line.
std::string stream_event(std::string_view id, std::string_view data);

}  // namespace calytics::gateway
