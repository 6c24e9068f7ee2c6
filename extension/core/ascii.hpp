// Classes of ASCII characters that no locale changes.
#pragma once

namespace calytics::core {

constexpr bool is_digit(char c) noexcept {
  return c >= '0' && c <= '9';
}

constexpr bool is_letter(char c) noexcept {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

constexpr bool is_alphanumeric(char c) noexcept {
  return is_digit(c) || is_letter(c);
}

// Part of a character beyond ASCII.
constexpr bool is_beyond_ascii(char c) noexcept {
  return static_cast<unsigned char>(c) >= 0x80;
}

constexpr char to_lower(char c) noexcept {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
}

constexpr char to_upper(char c) noexcept {
  return c >= 'a' && c <= 'z' ? static_cast<char>(c - ('a' - 'A')) : c;
}

constexpr int digit_value(char c) noexcept {
  return c - '0';
}

}  // namespace calytics::core
