// Byte-wise text helpers that know no locale, for protocol elements and JSON.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>

namespace calytics::gateway {

constexpr char ascii_lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
}
constexpr bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

std::string to_lower(std::string_view text);
bool equals_ignoring_case(std::string_view a, std::string_view b);
// Without spaces and tabs at both ends.
std::string_view trimmed(std::string_view text);

// Calls `visit` for each element of a comma-separated list.
template <typename Visit>
void for_each_element(std::string_view list, Visit visit) {
  while (!list.empty()) {
    const auto comma = std::min(list.find(','), list.size());
    const auto element = trimmed(list.substr(0, comma));
    if (!element.empty()) visit(element);
    list.remove_prefix(std::min(comma + 1, list.size()));
  }
}

// RFC 9110 token character: what methods and field names consist of.
bool is_token_char(char c);
bool is_token(std::string_view text);
// Field value: no control character but the tab.
bool is_field_value(std::string_view text);

bool is_utf8(std::string_view text);
// The text itself if it is UTF-8, else its bytes taken as Latin-1.
std::string as_utf8(std::string_view text);

// Appends a JSON string literal, quotes included; `text` must be UTF-8.
void append_json_string(std::string& out, std::string_view text);
// The same for any bytes, as as_utf8() takes them.
void append_json_text(std::string& out, std::string_view text);

}  // namespace calytics::gateway
