#include "core/text/text.hpp"

#include <algorithm>
#include <iterator>

#include <simdjson.h>

#include "core/text/ascii.hpp"

namespace calytics::core {

namespace {

struct Sequence {
  std::size_t length;
  bool well_formed;
};

bool within(char c, unsigned char low, unsigned char high) noexcept {
  const auto byte = static_cast<unsigned char>(c);
  return byte >= low && byte <= high;
}

// The character, or maximal part of an ill-formed one, that `text` begins with (Unicode, table
// 3-7).
Sequence first_sequence(std::string_view text) noexcept {
  const auto lead = static_cast<unsigned char>(text.front());
  if (lead < 0x80) return {1, lead != 0};

  std::size_t length = 0;
  unsigned char low = 0x80;
  unsigned char high = 0xBF;
  if (lead >= 0xC2 && lead <= 0xDF) {
    length = 2;
  } else if (lead >= 0xE0 && lead <= 0xEF) {
    length = 3;
    if (lead == 0xE0) low = 0xA0;   // shorter forms exist
    if (lead == 0xED) high = 0x9F;  // surrogates
  } else if (lead >= 0xF0 && lead <= 0xF4) {
    length = 4;
    if (lead == 0xF0) low = 0x90;
    if (lead == 0xF4) high = 0x8F;  // beyond U+10FFFF
  } else {
    return {1, false};
  }

  for (std::size_t i = 1; i < length; ++i) {
    if (i == text.size() || !within(text[i], low, high)) return {i, false};
    low = 0x80;
    high = 0xBF;
  }
  return {length, true};
}

}  // namespace

bool is_valid_utf8(std::string_view text) noexcept {
  return simdjson::validate_utf8(text.data(), text.size());
}

void append_repaired(std::string& out, std::string_view text) {
  while (!text.empty()) {
    const Sequence sequence = first_sequence(text);
    out += sequence.well_formed ? text.substr(0, sequence.length) : kReplacementCharacter;
    text.remove_prefix(sequence.length);
  }
}

std::string_view truncate_utf8(std::string_view text, std::size_t limit) noexcept {
  if (text.size() <= limit) return text;
  while (limit > 0 && within(text[limit], 0x80, 0xBF))
    --limit;
  return text.substr(0, limit);
}

std::string_view trim_ascii(std::string_view text) noexcept {
  static constexpr CharacterSet kWhiteSpace(" \t\n\v\f\r");
  while (!text.empty() && kWhiteSpace.has(text.back()))
    text.remove_suffix(1);
  while (!text.empty() && kWhiteSpace.has(text.front()))
    text.remove_prefix(1);
  return text;
}

void append_lower_ascii(std::string& out, std::string_view text) {
  std::ranges::transform(text, std::back_inserter(out), to_lower);
}

bool equal_ignoring_case(std::string_view a, std::string_view b) noexcept {
  return std::ranges::equal(a, b, {}, to_lower, to_lower);
}

}  // namespace calytics::core
