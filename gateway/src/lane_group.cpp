#include "lane_group.hpp"

#include <algorithm>
#include <utility>

namespace calytics::gateway {

LaneGroup::LaneGroup(const Settings& settings, LaneDuty duty, std::size_t count,
                     RequestQueue& queue)
    : duty_(std::move(duty)), queue_(queue) {
  for (std::size_t i = 0; i < count; ++i)
    lanes_.push_back(std::make_unique<Lane>(settings, duty_, queue_, counters_));
}

bool LaneGroup::finish(TimePoint deadline) {
  queue_.close();
  const bool ended = std::all_of(lanes_.begin(), lanes_.end(),
                                 [&](const auto& lane) { return lane->ended_by(deadline); });
  for (const auto& lane : lanes_)
    lane->stop();
  lanes_.clear();
  return ended;
}

}  // namespace calytics::gateway
