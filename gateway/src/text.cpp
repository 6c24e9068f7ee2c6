#include "text.hpp"

#include <algorithm>
#include <array>

#include <simdjson.h>

namespace calytics::gateway {

std::string to_lower(std::string_view text) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(), ascii_lower);
  return lower;
}

bool equals_ignoring_case(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return ascii_lower(x) == ascii_lower(y); });
}

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

bool is_token_char(char c) {
  static constexpr auto allowed = [] {
    std::array<bool, 256> table{};
    for (const char mark : std::string_view("!#$%&'*+-.^_`|~0123456789"))
      table[static_cast<unsigned char>(mark)] = true;
    for (char letter = 'a'; letter <= 'z'; ++letter)
      table[static_cast<unsigned char>(letter)] =
          table[static_cast<unsigned char>(letter - 'a' + 'A')] = true;
    return table;
  }();
  return allowed[static_cast<unsigned char>(c)];
}

bool is_token(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), is_token_char);
}

bool is_field_value(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return (byte >= 0x20 && byte != 0x7f) || byte == '\t';
  });
}

bool is_utf8(std::string_view text) {
  return simdjson::validate_utf8(text.data(), text.size());
}

std::string as_utf8(std::string_view text) {
  if (is_utf8(text)) return std::string(text);
  std::string out;
  out.reserve(text.size() + text.size() / 2);
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x80) {
      out += c;
    } else {
      out += static_cast<char>(0xc0 | (byte >> 6));
      out += static_cast<char>(0x80 | (byte & 0x3f));
    }
  }
  return out;
}

void append_json_string(std::string& out, std::string_view text) {
  constexpr std::string_view hex = "0123456789abcdef";
  out += '"';
  while (!text.empty()) {
    const auto* const special = std::find_if(text.begin(), text.end(), [](char c) {
      const auto byte = static_cast<unsigned char>(c);
      return byte < 0x20 || byte == 0x7f || c == '"' || c == '\\';
    });
    out.append(text.begin(), special);
    if (special == text.end()) break;
    const auto byte = static_cast<unsigned char>(*special);
    if (*special == '"' || *special == '\\') {
      out += '\\';
      out += *special;
    } else {
      out += "\\u00";
      out += hex[byte >> 4];
      out += hex[byte & 0xf];
    }
    text.remove_prefix(static_cast<std::size_t>(special - text.begin()) + 1);
  }
  out += '"';
}

void append_json_text(std::string& out, std::string_view text) {
  if (is_utf8(text)) return append_json_string(out, text);
  append_json_string(out, as_utf8(text));
}

}  // namespace calytics::gateway
