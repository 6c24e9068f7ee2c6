// Single JSON values as text that PostgreSQL's jsonb always takes.
#pragma once

#include <string>
#include <string_view>

namespace calytics::core {

// Valid UTF-8 without NUL, in quotes. May throw std::bad_alloc.
void append_json_string(std::string& out, std::string_view text);

// A number as it is written; one that a double can't hold becomes a string, and what is no number
// null. May throw std::bad_alloc.
void append_json_number(std::string& out, std::string_view token);

}  // namespace calytics::core
