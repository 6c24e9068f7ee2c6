// One JSON text at a time, in buffers of its own that are kept from text to text.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "core/text/json_value.hpp"

namespace calytics::core {

class JsonDocument {
 public:
  // Copies the text, ill-formed UTF-8 repaired, and finds its brackets, strings and scalars; what
  // they mean is read later. May throw std::bad_alloc.
  JsonError open(std::string_view text);

  // The root, to be visited from its beginning; again for another visit.
  JsonError root(JsonValue& value);

  // Whether the visit of the root has used up the text.
  bool at_end();

  // Where in the opened text a visit stands, or has failed.
  std::size_t position();

 private:
  JsonError index(std::string_view text);
  void shed(std::size_t needed);

  static constexpr std::size_t kMaxSize = std::size_t{1} << 30;  // no bytea is longer

  std::string text_;
  simdjson::ondemand::parser parser_{kMaxSize};
  simdjson::ondemand::document document_;
};

}  // namespace calytics::core
