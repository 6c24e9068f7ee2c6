// Text as PostgreSQL accepts it: valid UTF-8 without NUL.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace calytics::core {

inline constexpr std::string_view kReplacementCharacter = "\xEF\xBF\xBD";

bool is_valid_utf8(std::string_view text) noexcept;

// Appends `text` with each maximal ill-formed sequence, and each NUL, replaced by U+FFFD.
// May throw std::bad_alloc.
void append_repaired(std::string& out, std::string_view text);

// The longest prefix of at most `limit` bytes that doesn't cut a character of valid UTF-8.
std::string_view truncate_utf8(std::string_view text, std::size_t limit) noexcept;

std::string_view trim_ascii(std::string_view text) noexcept;

// May throw std::bad_alloc.
void append_lower_ascii(std::string& out, std::string_view text);

// Equal but for the case of ASCII letters.
bool equal_ignoring_case(std::string_view a, std::string_view b) noexcept;

}  // namespace calytics::core
