#include "core/text/json_document.hpp"

#include <algorithm>
#include <bit>

#include "core/text/text.hpp"

namespace calytics::core {

JsonError JsonDocument::open(std::string_view text) {
  shed(text.size());
  const JsonError error = index(text);
  if (error != simdjson::UTF8_ERROR) return error;

  std::string repaired;
  append_repaired(repaired, text);
  return index(repaired);
}

JsonError JsonDocument::root(JsonValue& value) {
  document_.rewind();
  return document_.get_value().get(value);
}

bool JsonDocument::at_end() {
  return document_.current_location().error() == simdjson::OUT_OF_BOUNDS;
}

std::size_t JsonDocument::position() {
  const char* place = nullptr;
  if (document_.current_location().get(place)) return text_.size() - simdjson::SIMDJSON_PADDING;
  return place - text_.data();
}

JsonError JsonDocument::index(std::string_view text) {
  constexpr std::size_t kSmallest = std::size_t{16} << 10;
  text_.assign(text);
  text_.append(simdjson::SIMDJSON_PADDING, '\0');  // zeros, so that a visit ends with the text
  if (parser_.capacity() < text.size()) {
    const std::size_t capacity = std::max(kSmallest, std::bit_ceil(text.size()));
    if (const JsonError error = parser_.allocate(std::min(capacity, kMaxSize))) return error;
  }
  return parser_.iterate(simdjson::padded_string_view(text_.data(), text.size(), text_.size()))
      .get(document_);
}

// Buffers of an unusually long text aren't kept beyond it.
void JsonDocument::shed(std::size_t needed) {
  constexpr std::size_t kKept = std::size_t{1} << 20;
  if (needed > kKept || text_.capacity() <= 2 * kKept) return;
  text_ = {};
  parser_ = simdjson::ondemand::parser(kMaxSize);
}

}  // namespace calytics::core
