// Reads what was answered to the questions of the booking form.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/text/json_value.hpp"

namespace calytics::core {

class AnswerReader {
 public:
  // Reads an object {field: {label, value, isHidden}}, or {field: value}, and forgets what was read
  // before. A null is no answer. May throw std::bad_alloc.
  JsonError read(JsonValue& responses, TextStore& texts);

  void clear() noexcept;

  // A JSON object {field: value} of the questions that are answered nowhere else in a booking.
  std::optional<std::string_view> json() const noexcept;

  const std::optional<std::string_view>& notes() const noexcept { return notes_; }
  const std::optional<std::string_view>& reschedule_reason() const noexcept { return reason_; }

 private:
  std::string json_;
  std::optional<std::string_view> notes_;
  std::optional<std::string_view> reason_;
};

}  // namespace calytics::core
