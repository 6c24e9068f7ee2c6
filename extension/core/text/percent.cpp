#include "core/text/percent.hpp"

#include <cstddef>
#include <cstdint>

#include "core/text/ascii.hpp"

namespace calytics::core {

namespace {

std::optional<unsigned> hex_value(char c) noexcept {
  if (is_digit(c)) return static_cast<unsigned>(digit_value(c));
  const char lower = to_lower(c);
  if (lower >= 'a' && lower <= 'f') return static_cast<unsigned>(lower - 'a' + 10);
  return std::nullopt;
}

// The byte of the escape that stands at `place`, where there is one.
std::optional<char> escape_at(std::string_view text, std::size_t place) noexcept {
  if (place + 2 >= text.size() || text[place] != '%') return std::nullopt;
  const auto high = hex_value(text[place + 1]);
  const auto low = hex_value(text[place + 2]);
  if (!high || !low) return std::nullopt;
  return static_cast<char>(*high << 4 | *low);
}

}  // namespace

bool has_percent_escape(std::string_view text) noexcept {
  for (std::size_t place = text.find('%'); place != std::string_view::npos;
       place = text.find('%', place + 1)) {
    if (escape_at(text, place)) return true;
  }
  return false;
}

std::string percent_decode(std::string_view text) {
  std::string decoded;
  decoded.reserve(text.size());
  for (std::size_t i = 0; i < text.size();) {
    const std::optional<char> byte = escape_at(text, i);
    decoded += byte.value_or(text[i]);
    i += byte ? 3 : 1;
  }
  return decoded;
}

std::optional<std::string> percent_decode_fully(std::string_view text) {
  std::string decoded(text);
  for (int round = 0; round < kMaxDecodings; ++round) {
    if (!has_percent_escape(decoded)) return decoded;
    decoded = percent_decode(decoded);
  }
  if (has_percent_escape(decoded)) return std::nullopt;
  return decoded;
}

void append_percent_encoded(std::string& out, std::string_view text) {
  constexpr std::string_view kHexDigits = "0123456789ABCDEF";
  static constexpr CharacterSet kPlain("-._~[]:,;!*()'$/");
  for (const char c : text) {
    if (is_alphanumeric(c) || kPlain.has(c)) {
      out += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    out += '%';
    out += kHexDigits[byte >> 4];
    out += kHexDigits[byte & 0xF];
  }
}

}  // namespace calytics::core
