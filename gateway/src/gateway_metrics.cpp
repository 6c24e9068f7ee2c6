#include "gateway_metrics.hpp"

#include <array>
#include <string>
#include <string_view>

namespace calytics::gateway {
namespace {

template <auto Member>
double of(const LaneSnapshot& lanes) {
  return static_cast<double>(lanes.*Member);
}

struct LaneMetric {
  std::string_view name;
  std::string_view type;
  std::string_view help;
  double (*value)(const LaneSnapshot&);
};

constexpr std::array<LaneMetric, 13> kLaneMetrics = {{
    {"lanes", "gauge", "Lanes to the database.", of<&LaneSnapshot::lanes>},
    {"lanes_connected", "gauge", "Lanes that have a connection.", of<&LaneSnapshot::connected>},
    {"lanes_on_fallback", "gauge", "Lanes that ask the primary for want of the replica.",
     of<&LaneSnapshot::on_fallback>},
    {"lanes_busy", "gauge", "Lanes with requests in hand.", of<&LaneSnapshot::busy>},
    {"calls_total", "counter", "Calls answered by the database.", of<&LaneSnapshot::calls>},
    {"batches_undone_total", "counter", "Batches that raised and were made again one by one.",
     of<&LaneSnapshot::undone>},
    {"calls_held_up_total", "counter",
     "Calls of batches that were asked again, for another transaction's sake.",
     of<&LaneSnapshot::held_up>},
    {"calls_retried_total", "counter", "Calls made again after a deadlock or the like.",
     of<&LaneSnapshot::retried>},
    {"connections_lost_total", "counter", "Database connections lost with calls under way.",
     of<&LaneSnapshot::lost>},
    {"calls_timed_out_total", "counter", "Calls that took too long.", of<&LaneSnapshot::timed_out>},
    {"calls_failed_total", "counter", "Calls that raised an error.", of<&LaneSnapshot::failed>},
    {"requests_given_up_total", "counter", "Requests for which the database was away or too busy.",
     of<&LaneSnapshot::given_up>},
    {"reads_passed_on_total", "counter", "Reads left to a write lane.",
     of<&LaneSnapshot::passed_on>},
}};

void write_lanes(const GatewaySnapshot& now, MetricsText& text) {
  for (const auto& metric : kLaneMetrics) {
    text.family("calytics_gateway_" + std::string(metric.name), metric.type, metric.help);
    text.sample(metric.value(now.write_lanes), {{"lanes", "write"}});
    text.sample(metric.value(now.read_lanes), {{"lanes", "read"}});
  }
  text.family("calytics_gateway_batch_size", "histogram", "Calls committed together.");
  for (const bool writes : {true, false}) {
    const auto& lanes = writes ? now.write_lanes : now.read_lanes;
    const std::string_view kind = writes ? "write" : "read";
    std::uint64_t below = 0;
    for (std::size_t i = 0; i < kBatchBounds.size(); ++i) {
      below += lanes.batch_sizes.at(i);
      text.sample(static_cast<double>(below),
                  {{"lanes", kind}, {"le", std::to_string(kBatchBounds.at(i))}}, "_bucket");
    }
    const auto all = static_cast<double>(below + lanes.batch_sizes.back());
    text.sample(all, {{"lanes", kind}, {"le", "+Inf"}}, "_bucket");
    text.sample(static_cast<double>(lanes.calls), {{"lanes", kind}}, "_sum");
    text.sample(all, {{"lanes", kind}}, "_count");
  }
}

void write_queues(const GatewaySnapshot& now, MetricsText& text) {
  const auto family = [&](std::string_view name, std::string_view type, std::string_view help,
                          auto member) {
    text.family(name, type, help);
    text.sample(static_cast<double>(now.writes.*member), {{"lanes", "write"}});
    text.sample(static_cast<double>(now.reads.*member), {{"lanes", "read"}});
  };
  family("calytics_gateway_queue_length", "gauge", "Requests waiting for a lane.",
         &QueueSnapshot::waiting);
  family("calytics_gateway_queue_capacity", "gauge", "How many may wait.",
         &QueueSnapshot::capacity);
  family("calytics_gateway_queue_refused_total", "counter", "Requests that found the queue full.",
         &QueueSnapshot::refused);
}

void write_connections(const ConnectionSnapshot& now, MetricsText& text) {
  text.gauge("calytics_gateway_connections", "Clients' connections.",
             static_cast<double>(now.open));
  text.counter("calytics_gateway_connections_total", "Connections accepted.",
               static_cast<double>(now.accepted));
  text.counter("calytics_gateway_connections_refused_total",
               "Connections turned away for being too many.", static_cast<double>(now.refused));
  text.gauge("calytics_gateway_memory_bytes",
             "Held by requests under way and answers not yet taken.",
             static_cast<double>(now.memory));
  text.gauge("calytics_gateway_memory_limit_bytes", "How much that may be.",
             static_cast<double>(now.memory_limit));
}

void write_streams(const StreamCounts& now, bool listens, MetricsText& text) {
  text.gauge("calytics_gateway_streams", "Streams of events.", static_cast<double>(now.open));
  text.counter("calytics_gateway_streams_total", "Streams begun.", static_cast<double>(now.begun));
  text.counter("calytics_gateway_streams_refused_total", "Streams for which there was no room.",
               static_cast<double>(now.refused));
  text.counter("calytics_gateway_streams_dropped_total",
               "Streams whose client didn't read, or left without a word.",
               static_cast<double>(now.dropped));
  text.counter("calytics_gateway_stream_resets_total",
               "Times that a stream was told to read everything again.",
               static_cast<double>(now.resets));
  text.counter("calytics_gateway_stream_events_total",
               "Events told; those of the same words within a moment are one.",
               static_cast<double>(now.events));
  text.gauge("calytics_gateway_listening", "Whether the database's notifications are heard.",
             listens ? 1 : 0);
}

}  // namespace

void write_gateway_metrics(const GatewaySnapshot& now, MetricsText& text) {
  write_connections(now.connections, text);
  write_queues(now, text);
  write_lanes(now, text);
  write_streams(now.streams, now.listens, text);
}

}  // namespace calytics::gateway
