#include "core/tracking/funnel.hpp"

#include <algorithm>

namespace calytics::core {

std::size_t walk_funnel(std::span<FunnelEvent> events, std::span<const std::uint32_t> types,
                        std::int64_t window, bool strict, std::int64_t* times) noexcept {
  std::ranges::sort(events, {}, &FunnelEvent::at);
  auto next = std::ranges::find(events, std::size_t{0}, &FunnelEvent::type);
  std::size_t reached = 0;
  std::int64_t last = 0;
  while (next != events.end() && reached < types.size()) {
    times[reached++] = next->at;
    last = next->at;
    if (reached == types.size()) break;
    const std::uint32_t wanted = types[reached];
    next = std::find_if(next, events.end(), [&](const FunnelEvent& event) {
      return event.at > last && (strict || event.type == wanted);
    });
    // Of several events at one moment, one of the right type will do.
    if (strict && next != events.end()) {
      const std::int64_t at = next->at;
      next = std::find_if(next, events.end(), [&](const FunnelEvent& event) {
        return event.at != at || event.type == wanted;
      });
      if (next == events.end() || next->at != at) break;
    }
    if (next != events.end() && next->at - times[0] > window) break;
  }
  return reached;
}

}  // namespace calytics::core
