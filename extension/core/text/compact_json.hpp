// The pieces of a JSON document, one after the other, if it is well-formed and without spaces, as
// PropertyWriter writes it.
//
// Guarantees: nothing here throws or allocates; of what isn't well-formed there are pieces that
// make no sense, but none beyond its end.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace calytics::core {

enum class JsonPiece : std::uint8_t {
  object,
  object_end,
  array,
  array_end,
  key,
  string,
  number,
  yes,
  no,
  null,
  end
};

class CompactJson {
 public:
  explicit CompactJson(std::string_view json) noexcept : json_(json) {}

  JsonPiece next() noexcept;

  // Of the piece that came last: what is between the quotes of a key or string, a number's digits.
  std::string_view text() const noexcept { return text_; }
  // Whether a key or string holds escapes.
  bool is_escaped() const noexcept { return is_escaped_; }

 private:
  JsonPiece take(std::size_t size, JsonPiece piece) noexcept;
  JsonPiece take_string() noexcept;
  JsonPiece take_number() noexcept;

  std::string_view json_;  // what is left
  std::string_view text_;
  bool is_escaped_ = false;
};

}  // namespace calytics::core
