// The one connection that listens to what the database notifies, for all clients who are told of
// it: LISTEN on the channels that somebody waits for, NOTIFY to the streams. It listens where it is
// written, for a standby notifies nobody.
//
// It connects when the first channel is asked for. When the connection is lost it says so to the
// streams, since what was notified meanwhile is missed, and connects again, ever more seldom.
#pragma once

#include <atomic>
#include <stop_token>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "clock.hpp"
#include "event_streams.hpp"
#include "postgres.hpp"
#include "wake_event.hpp"

namespace calytics::gateway {

class Listener {
 public:
  // The streams must outlive it, and the event wake it when there are new ones.
  Listener(std::string url, EventStreams& streams, WakeEvent& wake);
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;
  ~Listener();

  // And listens.
  bool connected() const { return connected_; }

 private:
  void run();
  bool poll(short events, TimePoint deadline);
  void connect();
  void listen();
  bool receive();
  void fail(std::string_view why);

  const std::string url_;
  EventStreams& streams_;
  WakeEvent& wake_;
  ConnectionPtr connection_;
  std::vector<std::string> asked_;  // channels of the LISTEN under way
  TimePoint answer_due_ = kNever;   // to that
  std::atomic<bool> connected_ = false;
  TimePoint next_attempt_;
  Milliseconds back_off_;
  int failures_ = 0;
  std::stop_source stop_;
  std::thread thread_;
};

}  // namespace calytics::gateway
