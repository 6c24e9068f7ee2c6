#include "gateway.hpp"

#include <algorithm>
#include <cstdint>
#include <thread>
#include <utility>

#include <sys/resource.h>

#include "log.hpp"

namespace calytics::gateway {
namespace {

// Descriptors beside the clients' connections: the lanes', the listener, the log, room for
// refusals.
constexpr rlim_t kOtherDescriptors = 512;

void raise_descriptor_limit(const Settings& settings) {
  const rlim_t wanted =
      settings.max_connections + settings.write_lanes + settings.read_lanes + kOtherDescriptors;
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= wanted) return;
  limit.rlim_cur = std::min(wanted, limit.rlim_max);
  if (::setrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur < wanted)
    LogLine(LogLevel::warning, "descriptor_limit_low")
        .number("wanted", static_cast<std::int64_t>(wanted))
        .number("limit", static_cast<std::int64_t>(limit.rlim_cur));
}

// One path never has more than half of the lanes for long. Where the database has the same
// processors, lanes beyond half of them only get in each other's way.
std::size_t lanes_of_a_path(const Settings& settings) {
  if (settings.path_lanes > 0) return settings.path_lanes;
  const std::size_t processors = std::thread::hardware_concurrency();
  const auto most = std::min(settings.write_lanes, processors == 0 ? 1 : processors);
  return std::max<std::size_t>(1, most / 2);
}

RequestQueue::Order write_order(const Settings& settings) {
  return {.turns = lanes_of_a_path(settings), .patience = settings.flush_interval};
}

LaneDuty write_duty(const Settings& settings) {
  return {.urls = {settings.database_url},
          .batch_size = settings.batching ? settings.batch_size : 1};
}

LaneDuty read_duty(const Settings& settings, RequestQueue& writers) {
  LaneDuty duty{.urls = {settings.database_url}, .read_only = true, .writers = &writers};
  if (!settings.read_url.empty()) duty.urls.insert(duty.urls.begin(), settings.read_url);
  return duty;
}

}  // namespace

Gateway::Gateway(Settings settings)
    : settings_(std::move(settings)),
      diagnostics_([this] { return has_database(); },
                   [this](MetricsText& text) {
                     write_gateway_metrics(snapshot(), text);
                     write_process_metrics(text);
                   }),
      streams_(settings_.max_streams, settings_.stream_heartbeat, [this] { stream_event_.set(); }),
      queues_(settings_.queue_size, write_order(settings_)),
      reactor_(settings_, queues_, streams_, diagnostics_),
      listener_(settings_.database_url, streams_, stream_event_),
      write_lanes_(settings_, write_duty(settings_), settings_.write_lanes, queues_.writes),
      read_lanes_(settings_, read_duty(settings_, queues_.writes), settings_.read_lanes,
                  queues_.reads),
      courier_(settings_.database_url, settings_.db_timeout) {
  raise_descriptor_limit(settings_);
  reactor_thread_ = std::thread([this] { reactor_.run(); });
}

Gateway::~Gateway() {
  stop();
}

GatewaySnapshot Gateway::snapshot() const {
  return {.write_lanes = write_lanes_.snapshot(),
          .read_lanes = read_lanes_.snapshot(),
          .writes = queues_.writes.snapshot(),
          .reads = queues_.reads.snapshot(),
          .connections = reactor_.snapshot(),
          .streams = streams_.counts(),
          .listens = listener_.connected()};
}

bool Gateway::has_database() const {
  return write_lanes_.snapshot().connected > 0 && read_lanes_.snapshot().connected > 0;
}

bool Gateway::stop() {
  if (!reactor_thread_.joinable()) return true;
  const auto deadline = Clock::now() + settings_.shutdown_timeout;
  // The lanes go on until the last client has its answer.
  reactor_.drain(deadline);
  reactor_thread_.join();
  // The readers first: they may have something left for the writers.
  const bool read = read_lanes_.finish(deadline);
  const bool written = write_lanes_.finish(deadline);
  return read && written && reactor_.drained();
}

}  // namespace calytics::gateway
