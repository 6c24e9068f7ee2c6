// The gateway's own metrics in Prometheus's format: all but those of requests (request_counts.hpp).
#pragma once

#include <cstddef>
#include <cstdint>

#include "event_streams.hpp"
#include "lane_counters.hpp"
#include "metrics_text.hpp"
#include "request_queue.hpp"

namespace calytics::gateway {

struct ConnectionSnapshot {
  std::size_t open = 0;
  std::uint64_t accepted = 0;
  std::uint64_t refused = 0;  // of those accepted, for being too many
  std::size_t memory = 0;     // bytes held by requests under way and answers not yet taken
  std::size_t memory_limit = 0;
};

struct GatewaySnapshot {
  LaneSnapshot write_lanes;
  LaneSnapshot read_lanes;
  QueueSnapshot writes;
  QueueSnapshot reads;
  ConnectionSnapshot connections;
  StreamCounts streams;
  bool listens = false;  // to the database's notifications
};

void write_gateway_metrics(const GatewaySnapshot& now, MetricsText& text);
// Under the names that Prometheus's client libraries use.
void write_process_metrics(MetricsText& text);

}  // namespace calytics::gateway
