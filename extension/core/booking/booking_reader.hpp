// Reads one booking, as the payload of a standard envelope or the root of a flat one, into a row.
#pragma once

#include <string>
#include <string_view>

#include "core/booking/answer_reader.hpp"
#include "core/booking/webhook.hpp"
#include "core/text/json_value.hpp"

namespace calytics::core {

class BookingReader {
 public:
  explicit BookingReader(TextStore& texts) noexcept : texts_(texts) {}

  // Fills all of the row that comes out of a booking; row.envelope is known before. A uid of more
  // than kMaxUid bytes still shows that it is. What the row views lives until the next read, or
  // until the texts are cleared. May throw std::bad_alloc.
  JsonError read(JsonValue& booking, std::string_view person_key, Webhook& row);

 private:
  TextStore& texts_;
  AnswerReader answers_;
  std::string metadata_;
};

}  // namespace calytics::core
