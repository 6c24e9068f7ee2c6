// The gateway as a whole: the reactor's thread, the queue, the lanes, and how they start and end.
#pragma once

#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "event_streams.hpp"
#include "lane.hpp"
#include "listener.hpp"
#include "reactor.hpp"
#include "request_queue.hpp"
#include "settings.hpp"
#include "wake_event.hpp"

namespace calytics::gateway {

class Gateway {
 public:
  // Serves from here on; throws Poco::Exception if it can't listen. The database may come later.
  explicit Gateway(Settings settings);
  Gateway(const Gateway&) = delete;
  Gateway& operator=(const Gateway&) = delete;
  ~Gateway();

  std::string address() const { return reactor_.address().toString(); }
  // Finishes what has been accepted, within the shutdown timeout; whether all of it was.
  bool stop();

 private:
  const Settings settings_;
  WakeEvent stream_event_;
  EventStreams streams_;
  RequestQueue queue_;
  Reactor reactor_;
  Listener listener_;  // ends before those whom it tells
  Lane::Connected connected_lanes_ = 0;
  std::vector<std::unique_ptr<Lane>> lanes_;
  std::thread reactor_thread_;
};

}  // namespace calytics::gateway
