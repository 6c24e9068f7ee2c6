// The one thread that waits for clients: accepts, reads, frames, times, and puts complete requests
// into a queue. It never waits for anything but its poll, so no client, however slow, holds up
// another. Why not Poco::Net::HTTPServer: it gives a connection a thread of its own, be it idle or
// not, and can't refuse an oversized URL or header with a status. Poco's PollSet is epoll.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <unordered_map>
#include <vector>

#include <Poco/Net/PollSet.h>
#include <Poco/Net/ServerSocket.h>

#include "clock.hpp"
#include "connection.hpp"
#include "diagnostics.hpp"
#include "event_streams.hpp"
#include "gateway_metrics.hpp"
#include "probe_watch.hpp"
#include "request_queues.hpp"
#include "settings.hpp"

namespace calytics::gateway {

class Reactor {
 public:
  // Listens from here on; throws Poco::Exception if it can't. All must outlive the reactor.
  Reactor(const Settings& settings, RequestQueues& queues, EventStreams& streams,
          Diagnostics& diagnostics);

  Poco::Net::SocketAddress address() const { return listener_.address(); }
  // Serves until drained.
  void run();
  // For any thread: stop accepting, answer what has been received, then let run() return, at the
  // latest at the deadline.
  void drain(TimePoint deadline);
  // After run(): whether every client got its answer.
  bool drained() const { return connections_.empty(); }
  // For any thread.
  ConnectionSnapshot snapshot() const;

 private:
  struct Entry {
    std::shared_ptr<Connection> connection;
    bool refused = false;  // lives on only until it has been told
    int polled = 0;        // modes that the poll set has
  };
  using Key = const Poco::Net::SocketImpl*;

  void poll();
  void listen(bool on);
  void accept();
  void admit(const Poco::Net::StreamSocket& socket);
  void attend(const std::shared_ptr<Connection>& connection);
  void update(Entry& entry);
  void sweep(TimePoint now);
  void begin_drain();

  const Settings& settings_;
  RequestQueues& queues_;
  ConnectionContext context_;
  Poco::Net::ServerSocket listener_;
  Poco::Net::PollSet poll_set_;
  ProbeWatch probes_;
  std::unordered_map<Key, Entry> connections_;
  std::size_t refused_ = 0;  // of connections_
  std::atomic<std::size_t> open_ = 0;
  std::atomic<std::uint64_t> accepted_total_ = 0;
  std::atomic<std::uint64_t> refused_total_ = 0;
  std::vector<char> scratch_;
  TimePoint next_sweep_;
  TimePoint resume_accept_ = kNever;
  bool listening_ = false;
  std::atomic<bool> drain_requested_ = false;
  std::atomic<TimePoint> drain_deadline_ = kNever;
};

}  // namespace calytics::gateway
