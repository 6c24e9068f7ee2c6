// The gateway as a whole: the reactor's thread, the queues, the lanes, and how they start and end.
#pragma once

#include <string>
#include <thread>

#include "courier.hpp"
#include "diagnostics.hpp"
#include "event_streams.hpp"
#include "gateway_metrics.hpp"
#include "lane_group.hpp"
#include "listener.hpp"
#include "reactor.hpp"
#include "request_queues.hpp"
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
  GatewaySnapshot snapshot() const;
  // Finishes what has been accepted, within the shutdown timeout; whether all of it was.
  bool stop();

 private:
  bool has_database() const;

  const Settings settings_;
  Diagnostics diagnostics_;
  WakeEvent stream_event_;
  EventStreams streams_;
  RequestQueues queues_;
  Reactor reactor_;
  Listener listener_;  // ends before those whom it tells
  LaneGroup write_lanes_;
  LaneGroup read_lanes_;
  Courier courier_;
  std::thread reactor_thread_;
};

}  // namespace calytics::gateway
