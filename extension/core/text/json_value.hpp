// Reading single JSON values leniently: what has the wrong type is absent, and a text is repaired
// rather than refused. Only broken structure is an error.
//
// Built on simdjson's On-Demand navigation: values are visited once, in document order, and what
// isn't asked for is skipped.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory_resource>
#include <optional>
#include <string>
#include <string_view>

#include <simdjson.h>

namespace calytics::core {

using JsonValue = simdjson::ondemand::value;
using JsonError = simdjson::error_code;

inline constexpr std::size_t kUnlimited = std::size_t{1} << 40;

// Memory for decoded texts: what is stored stays in its place until clear(). Everything but clear()
// may throw std::bad_alloc.
class TextStore {
 public:
  std::string_view store(std::string_view text);

  // The meaning of the inside of a JSON string, cut to `limit` bytes. Text without escapes isn't
  // copied.
  std::string_view unescape(std::string_view escaped, std::size_t limit);

  void clear() noexcept { memory_.release(); }

 private:
  static constexpr std::size_t kInlineBytes = 16 * 1024;

  alignas(std::max_align_t) char inline_[kInlineBytes];
  std::pmr::monotonic_buffer_resource memory_{inline_, kInlineBytes};
  std::string scratch_;
};

// Appends the meaning of the inside of a JSON string, and stops soon after `limit` bytes. NUL, a
// lone surrogate and the backslash of an unknown escape become U+FFFD.
void append_unescaped(std::string& out, std::string_view escaped, std::size_t limit);

// A scalar's characters, or the bracket that opens a container.
std::string_view json_token(JsonValue& value) noexcept;

bool is_object(JsonValue& value) noexcept;
bool is_array(JsonValue& value) noexcept;
bool is_null(JsonValue& value) noexcept;

// The inside of a string, still escaped.
std::optional<std::string_view> escaped_text(JsonValue& value) noexcept;

// A string that isn't empty, cut to `limit` bytes.
std::optional<std::string_view> read_text(JsonValue& value, TextStore& texts, std::size_t limit);

// An integer from 0 to 2^63 - 1.
std::optional<std::int64_t> read_number(JsonValue& value) noexcept;
std::optional<bool> read_flag(JsonValue& value) noexcept;

// ISO 8601 text, or a number of milliseconds since the epoch.
std::optional<std::int64_t> read_instant(JsonValue& value, TextStore& texts);

std::string_view member_name(const simdjson::ondemand::field& member, TextStore& texts);

// Calls visit(name, value) for each member of an object; anything else has none. Stops at the first
// error, which may be the visitor's.
template <class Visit>
JsonError visit_members(JsonValue& value, TextStore& texts, Visit visit) {
  if (!is_object(value)) return simdjson::SUCCESS;
  simdjson::ondemand::object object;
  if (const JsonError error = value.get_object().get(object)) return error;
  for (auto next : object) {
    if (next.error()) return next.error();
    simdjson::ondemand::field member = next.value_unsafe();
    if (const JsonError error = visit(member_name(member, texts), member.value())) return error;
  }
  return simdjson::SUCCESS;
}

// The same with visit(value) for the elements of an array.
template <class Visit>
JsonError visit_elements(JsonValue& value, Visit visit) {
  if (!is_array(value)) return simdjson::SUCCESS;
  simdjson::ondemand::array array;
  if (const JsonError error = value.get_array().get(array)) return error;
  for (auto next : array) {
    if (next.error()) return next.error();
    JsonValue element = next.value_unsafe();
    if (const JsonError error = visit(element)) return error;
  }
  return simdjson::SUCCESS;
}

}  // namespace calytics::core
