// Ids of sessions, which pages make up: at best random ones, at worst anything.
//
// Guarantees: is_session_id takes no personal data that the scanner knows; it may throw
// std::bad_alloc.
#pragma once

#include <string_view>

namespace calytics::core {

// Eight, four, four, four and twelve hexadecimal digits: random, or as good as.
bool is_uuid(std::string_view text) noexcept;

// Whether a webhook may name a session so: up to 64 letters, digits, '_', '-' and '.'.
bool is_session_id(std::string_view text);

}  // namespace calytics::core
