// Instants as Cal.com writes them, read without locale or time zone database.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace calytics::core {

// Microseconds since 1970-01-01T00:00:00Z of an ISO 8601 instant: date, 'T' (or 't', or a space),
// hours and minutes, optional seconds with a fraction of any length (cut to microseconds), then 'Z'
// (or 'z') or an offset +hh, +hhmm or +hh:mm. Years are 0001 to 9999; second 60 is the next
// minute's first. A text without an offset names no instant.
std::optional<std::int64_t> parse_timestamp(std::string_view text) noexcept;

// The same for milliseconds since the epoch, within the same years.
std::optional<std::int64_t> timestamp_from_milliseconds(std::int64_t milliseconds) noexcept;

}  // namespace calytics::core
