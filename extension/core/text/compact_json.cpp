#include "core/text/compact_json.hpp"

#include <algorithm>

namespace calytics::core {

JsonPiece CompactJson::take(std::size_t size, JsonPiece piece) noexcept {
  json_.remove_prefix(std::min(size, json_.size()));
  return piece;
}

JsonPiece CompactJson::take_string() noexcept {
  std::size_t close = 1;
  is_escaped_ = false;
  while (close < json_.size() && json_[close] != '"') {
    const bool escapes = json_[close] == '\\';
    is_escaped_ = is_escaped_ || escapes;
    close += escapes ? 2 : 1;
  }
  text_ = json_.substr(1, close - 1);
  take(close + 1, JsonPiece::string);
  return json_.starts_with(':') ? JsonPiece::key : JsonPiece::string;
}

JsonPiece CompactJson::take_number() noexcept {
  const std::size_t size = std::min(json_.find_first_of(",]}"), json_.size());
  text_ = json_.substr(0, size);
  return take(size, JsonPiece::number);
}

JsonPiece CompactJson::next() noexcept {
  while (json_.starts_with(',') || json_.starts_with(':'))
    json_.remove_prefix(1);
  if (json_.empty()) return JsonPiece::end;
  switch (json_.front()) {
    case '{':
      return take(1, JsonPiece::object);
    case '}':
      return take(1, JsonPiece::object_end);
    case '[':
      return take(1, JsonPiece::array);
    case ']':
      return take(1, JsonPiece::array_end);
    case '"':
      return take_string();
    case 't':
      return take(4, JsonPiece::yes);
    case 'f':
      return take(5, JsonPiece::no);
    case 'n':
      return take(4, JsonPiece::null);
    default:
      return take_number();
  }
}

}  // namespace calytics::core
