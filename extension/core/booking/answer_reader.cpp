#include "core/booking/answer_reader.hpp"

#include <algorithm>
#include <array>

#include "core/text/json_text.hpp"
#include "core/text/limits.hpp"

namespace calytics::core {

namespace {

constexpr auto kAnsweredElsewhere =
    std::to_array<std::string_view>({"attendeePhoneNumber", "email", "guests", "location", "name",
                                     "notes", "rescheduleReason", "smsReminderNumber", "title"});
static_assert(std::ranges::is_sorted(kAnsweredElsewhere));

constexpr std::string_view kNoAnswers = "{}";

// Calls visit(value) with what was answered: the member "value" of a field, or the field itself
// where it is no object.
template <class Visit>
JsonError visit_answer(JsonValue& field, TextStore& texts, Visit visit) {
  if (!is_object(field)) return visit(field);
  return visit_members(field, texts, [&](std::string_view name, JsonValue& value) {
    return name == "value" ? visit(value) : simdjson::SUCCESS;
  });
}

}  // namespace

JsonError AnswerReader::read(JsonValue& responses, TextStore& texts) {
  clear();
  JsonWriter writer(json_, texts, JsonWriter::Secrets::keep);
  writer.open_object();
  const JsonError error =
      visit_members(responses, texts, [&](std::string_view name, JsonValue& field) {
        const std::size_t before = writer.mark();
        return visit_answer(field, texts, [&](JsonValue& value) {
          if (name == "notes") notes_ = read_text(value, texts, kProseLimit);
          if (name == "rescheduleReason") reason_ = read_text(value, texts, kProseLimit);
          writer.take_back_to(before);
          if (is_null(value) || std::ranges::binary_search(kAnsweredElsewhere, name)) {
            return simdjson::SUCCESS;
          }
          return writer.write_member(name, value);
        });
      });
  writer.close_object();
  return error;
}

void AnswerReader::clear() noexcept {
  json_.clear();
  notes_.reset();
  reason_.reset();
}

std::optional<std::string_view> AnswerReader::json() const noexcept {
  if (json_.empty() || json_ == kNoAnswers) return std::nullopt;
  return json_;
}

}  // namespace calytics::core
