// Reads one booking as Cal.com's API tells it (an item of GET /v2/bookings) into a row. It is a
// snapshot: what is so, as of the booking's last update, and hardly since when.
#pragma once

#include <string>
#include <string_view>

#include "core/booking/answer_reader.hpp"
#include "core/booking/webhook.hpp"
#include "core/text/json_value.hpp"

namespace calytics::core {

class ApiBookingReader {
 public:
  explicit ApiBookingReader(TextStore& texts) noexcept : texts_(texts) {}

  // As BookingReader::read. May throw std::bad_alloc.
  JsonError read(JsonValue& booking, std::string_view person_key, Webhook& row);

 private:
  TextStore& texts_;
  AnswerReader answers_;
  std::string metadata_;
};

}  // namespace calytics::core
