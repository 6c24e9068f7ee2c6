#include "core/text/json_value.hpp"

#include <algorithm>
#include <charconv>
#include <cstring>

#include "core/text/text.hpp"
#include "core/text/timestamp.hpp"

namespace calytics::core {

namespace {

constexpr std::size_t kUnicodeEscape = 6;  // \uXXXX

// The code unit of the \uXXXX that `text` begins with.
std::optional<char32_t> unicode_escape(std::string_view text) noexcept {
  if (text.size() < kUnicodeEscape || !text.starts_with("\\u")) return std::nullopt;
  std::uint32_t unit = 0;
  const char* end = text.data() + kUnicodeEscape;
  const auto [rest, error] = std::from_chars(text.data() + 2, end, unit, 16);
  if (error != std::errc{} || rest != end) return std::nullopt;
  return unit;
}

void append_utf8(std::string& out, char32_t code) {
  const auto byte = [&out](char32_t bits) { out += static_cast<char>(bits); };
  if (code < 0x80) {
    byte(code);
  } else if (code < 0x800) {
    byte(0xC0 | code >> 6);
    byte(0x80 | (code & 0x3F));
  } else if (code < 0x10000) {
    byte(0xE0 | code >> 12);
    byte(0x80 | (code >> 6 & 0x3F));
    byte(0x80 | (code & 0x3F));
  } else {
    byte(0xF0 | code >> 18);
    byte(0x80 | (code >> 12 & 0x3F));
    byte(0x80 | (code >> 6 & 0x3F));
    byte(0x80 | (code & 0x3F));
  }
}

// Appends the escape that `text` begins with, and returns how much of `text` it was.
std::size_t append_escape(std::string& out, std::string_view text) {
  constexpr std::string_view kNames = "\"\\/bfnrt";
  constexpr std::string_view kMeanings = "\"\\/\b\f\n\r\t";

  const std::size_t simple = text.size() > 1 ? kNames.find(text[1]) : std::string_view::npos;
  if (simple != std::string_view::npos) {
    out += kMeanings[simple];
    return 2;
  }
  const std::optional<char32_t> unit = unicode_escape(text);
  if (!unit) {
    out += kReplacementCharacter;
    return 1;
  }
  const bool leads = *unit >= 0xD800 && *unit < 0xDC00;
  const bool trails = *unit >= 0xDC00 && *unit < 0xE000;
  if (leads) {
    const std::optional<char32_t> second = unicode_escape(text.substr(kUnicodeEscape));
    if (second && *second >= 0xDC00 && *second < 0xE000) {
      append_utf8(out, 0x10000 + ((*unit - 0xD800) << 10) + (*second - 0xDC00));
      return 2 * kUnicodeEscape;
    }
  }
  if (leads || trails || *unit == 0) {
    out += kReplacementCharacter;
  } else {
    append_utf8(out, *unit);
  }
  return kUnicodeEscape;
}

}  // namespace

std::string_view TextStore::store(std::string_view text) {
  if (text.empty()) return {};
  char* copy = static_cast<char*>(memory_.allocate(text.size(), 1));
  std::memcpy(copy, text.data(), text.size());
  return {copy, text.size()};
}

std::string_view TextStore::unescape(std::string_view escaped, std::size_t limit) {
  if (escaped.find('\\') == std::string_view::npos) return truncate_utf8(escaped, limit);
  scratch_.clear();
  append_unescaped(scratch_, escaped, limit);
  return store(truncate_utf8(scratch_, limit));
}

void append_unescaped(std::string& out, std::string_view escaped, std::size_t limit) {
  const std::size_t start = out.size();
  while (!escaped.empty() && out.size() - start <= limit) {
    const std::size_t plain = std::min(escaped.find('\\'), escaped.size());
    out += truncate_utf8(escaped.substr(0, plain), limit + kUnicodeEscape);
    escaped.remove_prefix(plain);
    if (!escaped.empty()) escaped.remove_prefix(append_escape(out, escaped));
  }
}

std::string_view json_token(JsonValue& value) noexcept {
  return trim_ascii(value.raw_json_token());
}

bool is_object(JsonValue& value) noexcept {
  return value.raw_json_token().starts_with('{');
}

bool is_array(JsonValue& value) noexcept {
  return value.raw_json_token().starts_with('[');
}

bool is_null(JsonValue& value) noexcept {
  return json_token(value) == "null";
}

std::optional<std::string_view> escaped_text(JsonValue& value) noexcept {
  const std::string_view token = json_token(value);
  if (token.size() < 2 || token.front() != '"' || token.back() != '"') return std::nullopt;
  return token.substr(1, token.size() - 2);
}

std::optional<std::string_view> read_text(JsonValue& value, TextStore& texts, std::size_t limit) {
  const std::optional<std::string_view> escaped = escaped_text(value);
  if (!escaped || escaped->empty()) return std::nullopt;
  return texts.unescape(*escaped, limit);
}

std::optional<std::int64_t> read_number(JsonValue& value) noexcept {
  const std::string_view token = json_token(value);
  std::int64_t number = 0;
  const auto [rest, error] = std::from_chars(token.data(), token.data() + token.size(), number);
  if (error != std::errc{} || rest != token.data() + token.size() || number < 0)
    return std::nullopt;
  return number;
}

std::optional<bool> read_flag(JsonValue& value) noexcept {
  const std::string_view token = json_token(value);
  if (token == "true") return true;
  if (token == "false") return false;
  return std::nullopt;
}

std::optional<std::int64_t> read_instant(JsonValue& value, TextStore& texts) {
  if (const auto text = read_text(value, texts, kUnlimited)) return parse_timestamp(*text);
  const std::optional<std::int64_t> milliseconds = read_number(value);
  return milliseconds ? timestamp_from_milliseconds(*milliseconds) : std::nullopt;
}

std::string_view member_name(const simdjson::ondemand::field& member, TextStore& texts) {
  // Simdjson has seen to it that the string is closed, but tells only where it begins.
  const char* begin = member.key().raw();
  const auto* end = static_cast<const char*>(rawmemchr(begin, '"'));
  const std::string_view plain(begin, end);
  if (plain.find('\\') == std::string_view::npos) return plain;
  end = begin;
  while (*end != '"')
    end += *end == '\\' ? 2 : 1;
  return texts.unescape({begin, end}, kUnlimited);
}

}  // namespace calytics::core
