// The lanes of a kind, with what they have in common.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "clock.hpp"
#include "lane.hpp"
#include "lane_counters.hpp"
#include "request_queue.hpp"
#include "settings.hpp"

namespace calytics::gateway {

class LaneGroup {
 public:
  // Settings and queue must outlive the group.
  LaneGroup(const Settings& settings, LaneDuty duty, std::size_t count, RequestQueue& queue);

  // Closes the queue and has the lanes answer what is in it; whether they did by then.
  bool finish(TimePoint deadline);
  LaneSnapshot snapshot() const { return counters_.snapshot(); }

 private:
  const LaneDuty duty_;
  RequestQueue& queue_;
  LaneCounters counters_;
  std::vector<std::unique_ptr<Lane>> lanes_;
};

}  // namespace calytics::gateway
