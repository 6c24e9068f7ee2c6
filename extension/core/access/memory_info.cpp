#include "core/access/memory_info.hpp"

#include <charconv>
#include <limits>

namespace calytics::core {

namespace {

// The value of a line "Name:   123 kB", in bytes.
std::optional<std::int64_t> bytes_of(std::string_view line, std::string_view name) {
  constexpr std::int64_t kilo = 1024;
  if (!line.starts_with(name)) return std::nullopt;
  line.remove_prefix(name.size());
  const std::size_t begin = line.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return std::nullopt;
  line.remove_prefix(begin);
  std::int64_t count = 0;
  const auto [end, fault] = std::from_chars(line.data(), line.data() + line.size(), count);
  const std::string_view unit = line.substr(static_cast<std::size_t>(end - line.data()));
  if (fault != std::errc{} || unit != " kB" || count < 0 ||
      count > std::numeric_limits<std::int64_t>::max() / kilo) {
    return std::nullopt;
  }
  return count * kilo;
}

}  // namespace

std::optional<MemoryInfo> parse_memory_info(std::string_view text) {
  std::optional<std::int64_t> total;
  std::optional<std::int64_t> available;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    const std::string_view line = text.substr(0, end);
    if (const auto bytes = bytes_of(line, "MemTotal:")) total = bytes;
    if (const auto bytes = bytes_of(line, "MemAvailable:")) available = bytes;
    text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 1);
  }
  if (!total || !available) return std::nullopt;
  return MemoryInfo{.total = *total, .available = *available};
}

}  // namespace calytics::core
