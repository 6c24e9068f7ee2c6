// Classes of ASCII characters that no locale changes.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

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

// A set of characters that is looked up rather than searched.
class CharacterSet {
 public:
  constexpr explicit CharacterSet(std::string_view members) noexcept {
    for (const char c : members)
      has_[static_cast<unsigned char>(c)] = true;
  }

  constexpr bool has(char c) const noexcept { return has_[static_cast<unsigned char>(c)]; }

  // The place of the first member in `text`, or the text's end.
  constexpr std::size_t find_in(std::string_view text, std::size_t from = 0) const noexcept {
    while (from < text.size() && !has(text[from]))
      ++from;
    return from;
  }

 private:
  std::array<bool, 256> has_{};
};

constexpr int digit_value(char c) noexcept {
  return c - '0';
}

}  // namespace calytics::core
