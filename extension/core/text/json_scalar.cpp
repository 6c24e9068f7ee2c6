#include "core/text/json_scalar.hpp"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <optional>

namespace calytics::core {

namespace {

// As JSON's grammar has it: -?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?
bool is_number(std::string_view token) noexcept {
  const auto accept = [&token](std::string_view any_of) {
    if (token.empty() || any_of.find(token.front()) == std::string_view::npos) return false;
    token.remove_prefix(1);
    return true;
  };
  const auto digits = [&token] {
    const std::size_t count = std::min(token.find_first_not_of("0123456789"), token.size());
    token.remove_prefix(count);
    return count > 0;
  };

  accept("-");
  if (!accept("0") && !digits()) return false;
  if (accept(".") && !digits()) return false;
  if (accept("eE")) {
    accept("+-");
    if (!digits()) return false;
  }
  return token.empty();
}

// The double nearest to a number that is short and in range.
std::optional<double> as_double(std::string_view number) noexcept {
  constexpr std::size_t kMaxLength = 64;
  if (number.size() > kMaxLength) return std::nullopt;
  double value = 0;
  const auto [rest, error] = std::from_chars(number.data(), number.data() + number.size(), value);
  if (error != std::errc{}) return std::nullopt;
  return value;
}

bool needs_escape(char c) noexcept {
  return static_cast<unsigned char>(c) < 0x20 || c == '"' || c == '\\';
}

}  // namespace

void append_json_string(std::string& out, std::string_view text) {
  constexpr std::string_view kHexDigits = "0123456789abcdef";
  out += '"';
  while (!text.empty()) {
    const auto* stop = std::ranges::find_if(text, needs_escape);
    const auto plain = static_cast<std::size_t>(stop - text.begin());
    out += text.substr(0, plain);
    text.remove_prefix(plain);
    if (text.empty()) break;
    const auto byte = static_cast<unsigned char>(text.front());
    if (byte < 0x20) {
      out += "\\u00";
      out += kHexDigits[byte >> 4];
      out += kHexDigits[byte & 0xF];
    } else {
      out += '\\';
      out += text.front();
    }
    text.remove_prefix(1);
  }
  out += '"';
}

void append_json_number(std::string& out, std::string_view token) {
  if (!is_number(token)) {
    out += "null";
  } else if (const std::optional<double> number = as_double(token)) {
    // jsonb keeps numbers as decimals, for which 0e-99999 is a long one.
    out += *number == 0 ? "0" : token;
  } else {
    append_json_string(out, token);
  }
}

}  // namespace calytics::core
