// Ids of events in 16 bytes, by which those of the last days are remembered: short keys make small
// indexes.
//
// Guarantees: the same id has always the same key; ids that differ don't share one, as far as
// SHA-256 goes. A UUID, written in small letters and with its hyphens, is its own.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace calytics::core {

using EventKey = std::array<std::uint8_t, 16>;

// Absent if OpenSSL or memory fails.
std::optional<EventKey> event_key(std::string_view id) noexcept;

}  // namespace calytics::core
