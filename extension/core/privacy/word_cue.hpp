// What the characters around a number say about it: "Tel. 600123456" is a phone, "order 600123456"
// and "600 123 456 EUR" are not.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace calytics::core {

enum class Cue : std::uint8_t { none, phone, identifier };

Cue cue_before(std::string_view text, std::size_t begin) noexcept;

// A currency, a unit or a per cent sign follows.
bool amount_ends_at(std::string_view text, std::size_t end) noexcept;

}  // namespace calytics::core
