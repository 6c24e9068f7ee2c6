// What is kept of a user agent: whether it is a machine, a device class and a browser family. The
// text itself isn't stored, for it tells people apart.
#pragma once

#include <cstdint>
#include <string_view>

namespace calytics::core {

enum class Device : std::uint8_t { unknown, desktop, mobile, tablet };

enum class Browser : std::uint8_t {
  other,
  chrome,
  edge,
  firefox,
  internet_explorer,
  opera,
  safari,
  samsung
};

struct UserAgent {
  bool bot = false;
  Device device = Device::unknown;
  Browser browser = Browser::other;

  bool operator==(const UserAgent&) const = default;
};

// An empty text is a bot's: every browser names itself. A bot has no device.
UserAgent classify_user_agent(std::string_view text) noexcept;

// "desktop"; empty if unknown.
std::string_view name_of(Device device) noexcept;
std::string_view name_of(Browser browser) noexcept;

}  // namespace calytics::core
