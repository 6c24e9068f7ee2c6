#include "gateway.hpp"

#include <algorithm>
#include <utility>

#include <sys/resource.h>

#include "log.hpp"

namespace calytics::gateway {
namespace {

// Descriptors beside the clients' connections: the lanes', the listener, the log, room for
// refusals.
constexpr rlim_t kOtherDescriptors = 512;

void raise_descriptor_limit(const Settings& settings) {
  const rlim_t wanted = settings.max_connections + settings.pool_size + kOtherDescriptors;
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= wanted) return;
  limit.rlim_cur = std::min(wanted, limit.rlim_max);
  if (::setrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur < wanted)
    LogLine(LogLevel::warning, "descriptor_limit_low")
        .number("wanted", static_cast<std::int64_t>(wanted))
        .number("limit", static_cast<std::int64_t>(limit.rlim_cur));
}

}  // namespace

Gateway::Gateway(Settings settings)
    : settings_(std::move(settings)),
      streams_(settings_.max_streams, settings_.stream_heartbeat, [this] { stream_event_.set(); }),
      queue_(settings_.queue_size),
      reactor_(settings_, queue_, streams_),
      listener_(settings_.database_url, streams_, stream_event_) {
  raise_descriptor_limit(settings_);
  for (std::size_t i = 0; i < settings_.pool_size; ++i)
    lanes_.push_back(std::make_unique<Lane>(settings_, queue_, connected_lanes_));
  reactor_thread_ = std::thread([this] { reactor_.run(); });
}

Gateway::~Gateway() {
  stop();
}

bool Gateway::stop() {
  if (!reactor_thread_.joinable()) return true;
  const auto deadline = Clock::now() + settings_.shutdown_timeout;
  // The lanes go on until the last client has its answer.
  reactor_.drain(deadline);
  reactor_thread_.join();
  queue_.close();
  const bool ended = std::all_of(lanes_.begin(), lanes_.end(),
                                 [&](const auto& lane) { return lane->ended_by(deadline); });
  for (const auto& lane : lanes_)
    lane->stop();
  lanes_.clear();
  return ended && reactor_.drained();
}

}  // namespace calytics::gateway
