// How much memory a machine has, as Linux tells it in /proc/meminfo.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace calytics::core {

struct MemoryInfo {
  std::int64_t total = 0;      // bytes
  std::int64_t available = 0;  // what can be had without swapping
};

// Nothing if the text doesn't tell both.
std::optional<MemoryInfo> parse_memory_info(std::string_view text);

}  // namespace calytics::core
