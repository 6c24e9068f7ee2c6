#include "core/privacy/person_eraser.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

#include "core/text/json_scalar.hpp"
#include "core/text/json_value.hpp"
#include "core/text/percent.hpp"
#include "core/text/text.hpp"
#include "core/text/whole_text.hpp"

namespace calytics::core {

namespace {

constexpr std::size_t kMaxDepth = 200;
constexpr std::string_view kNull = "null";

// Members of a booking that hold what its booker wrote, or what was written of the booker. Sorted.
constexpr auto kBookersOwn = std::to_array<std::string_view>({
    "additionalNotes",
    "cancellationReason",
    "description",
    "location",
    "metadata",
    "notes",
    "reassignReason",
    "rejectionReason",
    "rescheduleReason",
    "smsReminderNumber",
    "title",
});
static_assert(std::ranges::is_sorted(kBookersOwn));

constexpr auto kAnswers = std::to_array<std::string_view>(
    {"bookingFieldsResponses", "customInputs", "responses", "userFieldsResponses"});
static_assert(std::ranges::is_sorted(kAnswers));

bool is_space(char c) noexcept {
  return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

class Eraser {
 public:
  Eraser(std::string_view body, const ErasedPerson& person)
      : body_(body), person_(person), identity_(trim_ascii(person.identity)) {
    out_.reserve(body.size());
  }

  std::optional<std::string> run() {
    copy_space();
    if (peek() != '{' || !value(Place::booking, 0)) return std::nullopt;
    out_.append(body_, at_);
    return std::move(out_);
  }

 private:
  // What a value is of. The root is a booking too, for in a flat body it is.
  // Only in prose are names looked for: who is called as a service is called must not rename it.
  enum class Place : std::uint8_t { booking, attendees, attendee, answers, answer, prose, other };

  char peek() const noexcept { return at_ < body_.size() ? body_[at_] : '\0'; }

  void copy_space() {
    while (at_ < body_.size() && is_space(body_[at_]))
      out_ += body_[at_++];
  }

  // Copies a bracket, comma or colon, and the space behind it.
  void copy_sign() {
    out_ += body_[at_++];
    copy_space();
  }

  bool value(Place place, std::size_t depth) {
    if (depth > kMaxDepth) return false;
    switch (peek()) {
      case '{':
        return container('}', place, depth);
      case '[':
        return container(']', place, depth);
      case '"':
        return text(place == Place::prose);
      case '\0':
        return false;
      default:
        return scalar();
    }
  }

  bool container(char closing, Place place, std::size_t depth) {
    const bool object = closing == '}';
    copy_sign();
    while (peek() != closing) {
      Place inner = place == Place::attendees ? attendee_here() : place;
      bool gone = false;
      if (object) {
        const std::optional<std::string> name = unescaped(string_here());
        if (!name || !text(false)) return false;
        copy_space();
        if (peek() != ':') return false;
        copy_sign();
        gone = goes(place, *name);
        inner = place_of(place, *name);
      }
      gone = gone || (place == Place::answers && peek() != '{');
      if (!(gone ? skip() : value(inner, depth + 1))) return false;
      copy_space();
      if (peek() == ',') {
        copy_sign();
      } else if (peek() != closing) {
        return false;
      }
    }
    out_ += body_[at_++];
    return true;
  }

  bool goes(Place place, std::string_view name) const {
    switch (place) {
      case Place::booking:
        return person_.booked && std::ranges::binary_search(kBookersOwn, name);
      case Place::attendee:
        return name == "name" || name == "firstName" || name == "lastName" || name == "phoneNumber";
      case Place::answer:
        return name == "value";
      default:
        return false;
    }
  }

  Place place_of(Place place, std::string_view name) const {
    if (place == Place::answers) return Place::answer;
    if (place == Place::prose || place == Place::attendee) return Place::prose;
    if (place != Place::booking) return Place::other;
    if (name == "payload") return Place::booking;
    if (name == "attendees") return Place::attendees;
    const bool answers = std::ranges::binary_search(kAnswers, name);
    if (answers && person_.booked) return Place::answers;
    return answers || name == "message" || std::ranges::binary_search(kBookersOwn, name)
               ? Place::prose
               : Place::other;
  }

  // Whether the attendee who begins here is the person: the address may come last.
  Place attendee_here() {
    const std::size_t begin = at_;
    const std::size_t written = out_.size();
    const bool whole = skip();
    const std::string_view attendee = body_.substr(begin, at_ - begin);
    at_ = begin;
    out_.resize(written);
    return whole && names_person(attendee, identity_) ? Place::attendee : Place::other;
  }

  // With its quotes; nothing if it isn't closed.
  std::string_view string_here() const noexcept {
    for (std::size_t end = at_ + 1; peek() == '"' && end < body_.size(); ++end) {
      if (body_[end] == '\\') {
        ++end;
      } else if (body_[end] == '"') {
        return body_.substr(at_, end + 1 - at_);
      }
    }
    return {};
  }

  static std::optional<std::string> unescaped(std::string_view quoted) {
    if (quoted.empty()) return std::nullopt;
    std::string result;
    append_unescaped(result, quoted.substr(1, quoted.size() - 2), quoted.size());
    return result;
  }

  bool text(bool prose) {
    const std::string_view quoted = string_here();
    const std::optional<std::string> before = unescaped(quoted);
    if (!before) return false;
    std::string after = *before;
    replace_whole(after, identity_, person_.stand_in);
    if (prose) {
      for (const std::string_view name : person_.names)
        replace_whole(after, trim_ascii(name), kErasedName);
    }
    if (after == *before) {
      out_ += quoted;
    } else {
      std::string repaired;
      append_repaired(repaired, after);
      append_json_string(out_, repaired);
    }
    at_ += quoted.size();
    return true;
  }

  bool scalar() {
    const std::size_t begin = at_;
    while (at_ < body_.size() && !is_space(body_[at_]) &&
           std::string_view(",:]}[{\"").find(body_[at_]) == std::string_view::npos)
      out_ += body_[at_++];
    return at_ > begin;
  }

  // Writes null for the value that stands here.
  bool skip() {
    const std::size_t written = out_.size();
    std::size_t open = 0;
    do {
      const char c = peek();
      if (c == '"') {
        const std::string_view quoted = string_here();
        if (quoted.empty()) return false;
        at_ += quoted.size();
      } else if (c == '{' || c == '[') {
        ++open;
        ++at_;
      } else if (c == '}' || c == ']') {
        if (open == 0) return false;
        --open;
        ++at_;
      } else if (c == '\0') {
        return false;
      } else if (is_space(c) || c == ',' || c == ':') {
        if (open == 0) return false;
        ++at_;
      } else {
        scalar();
      }
    } while (open > 0);
    out_.resize(written);
    out_ += kNull;
    return true;
  }

  std::string_view body_;
  const ErasedPerson& person_;
  std::string_view identity_;
  std::size_t at_ = 0;
  std::string out_;
};

}  // namespace

bool names_person(std::string_view body, std::string_view identity) {
  const std::string_view wanted = trim_ascii(identity);
  if (wanted.empty()) return false;
  if (contains_whole(body, wanted)) return true;
  if (body.find('\\') != std::string_view::npos) {
    std::string plain;
    append_unescaped(plain, body, body.size());
    if (contains_whole(plain, wanted)) return true;
  }
  return has_percent_escape(body) && contains_whole(percent_decode(body), wanted);
}

std::optional<std::string> erase_person(std::string_view body, const ErasedPerson& person) {
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  if (body.starts_with(kByteOrderMark)) body.remove_prefix(kByteOrderMark.size());
  return Eraser(body, person).run();
}

}  // namespace calytics::core
