#include "core/booking/webhook_parser.hpp"

#include <algorithm>
#include <array>
#include <exception>
#include <initializer_list>
#include <new>
#include <string>
#include <utility>

#include "core/booking/api_booking_reader.hpp"
#include "core/booking/booking_reader.hpp"
#include "core/booking/trigger.hpp"
#include "core/text/body.hpp"
#include "core/text/form_body.hpp"
#include "core/text/json_document.hpp"
#include "core/text/json_value.hpp"
#include "core/text/limits.hpp"
#include "core/text/timestamp.hpp"

namespace calytics::core {

namespace {

constexpr std::string_view kEmpty =
    "the body is empty: check what stands between Cal.com and this server";
constexpr std::string_view kCustomTemplate =
    "the body is a custom template, not Cal.com's JSON: remove the payload template of this "
    "webhook "
    "at Cal.com";
constexpr std::string_view kRemoveTemplate =
    ": remove the payload template of this webhook at Cal.com";

bool is_trigger(std::string_view text) noexcept {
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  });
}

// What the root of a document says before the booking is read.
struct Root {
  enum class Payload : std::uint8_t { none, object, other };

  bool has_trigger = false;
  Webhook::Text trigger;
  Webhook::Instant created_at;
  Payload payload = Payload::none;
  std::size_t payload_member = 0;  // its place among the members
};

}  // namespace

// One parser's buffers, and the steps of a parse that use them.
class WebhookParser::Reader {
 public:
  // May throw std::bad_alloc.
  void read(std::string_view body, std::string_view person_key, Webhook& row) {
    person_key_ = person_key;
    texts_.clear();

    const std::string_view content = content_of(body);
    if (content.empty()) {
      row.problem = kEmpty;
    } else if (content.front() == '{') {
      offset_ = content.data() - body.data();
      read_json(content, row);
    } else {
      row.problem = kCustomTemplate;
      row.envelope = Envelope::template_;
      if (looks_like_form(content)) read_form(content, row);
    }
  }

 private:
  void read_form(std::string_view body, Webhook& row) {
    const auto value = [&](std::string_view name, std::string_view other = {}) {
      auto text = form_value(body, name);
      if (!text && !other.empty()) text = form_value(body, other);
      return text ? Webhook::Text(texts_.store(*text)) : std::nullopt;
    };
    const auto instant = [](const Webhook::Text& text) {
      return text ? parse_timestamp(*text) : std::nullopt;
    };
    row.envelope = Envelope::form;
    row.trigger = value("triggerEvent", "event");
    if (row.trigger) row.trigger = truncate_utf8(*row.trigger, kNameLimit);
    if (row.trigger && !is_trigger(*row.trigger)) row.trigger.reset();
    row.uid = value("uid");
    if (row.uid && row.uid->size() > kMaxUid) row.uid.reset();
    row.starts_at = instant(value("start", "startTime"));
    row.ends_at = instant(value("end", "endTime"));
  }

  void read_json(std::string_view text, Webhook& row) {
    JsonError error = document_.open(text);
    std::optional<std::size_t> place;
    if (!error) {
      error = read_document(row);
      place = offset_ + document_.position();
    }
    if (error) reject(error, place, row);
  }

  JsonError read_document(Webhook& row) {
    Root root;
    JsonValue value;
    if (const JsonError error = document_.root(value)) return error;
    if (const JsonError error = read_root(value, root)) return error;
    if (!document_.at_end()) return simdjson::TRAILING_CONTENT;

    if (!root.has_trigger) {
      row.envelope = Envelope::template_;
      row.problem = kCustomTemplate;
      return simdjson::SUCCESS;
    }
    row.envelope = root.payload == Root::Payload::none ? Envelope::flat : Envelope::standard;
    row.happened_at = root.created_at;
    if (!root.trigger || !is_trigger(*root.trigger)) {
      row.problem = describe({"triggerEvent is not a name in capitals", kRemoveTemplate});
      return simdjson::SUCCESS;
    }
    row.trigger = root.trigger;

    if (const JsonError error = document_.root(value)) return error;
    if (const JsonError error = read_booking(value, root, row)) return error;
    classify(root, row);
    return simdjson::SUCCESS;
  }

  // Walks over all members, and thereby makes sure that the document is whole.
  JsonError read_root(JsonValue& document, Root& root) {
    std::size_t member = 0;
    return visit_members(document, texts_, [&](std::string_view name, JsonValue& value) {
      if (name == "triggerEvent") {
        root.has_trigger = !is_null(value);
        root.trigger = read_text(value, texts_, kNameLimit);
      } else if (name == "createdAt") {
        root.created_at = read_instant(value, texts_);
      } else if (name == "payload") {
        root.payload = is_object(value) ? Root::Payload::object
                       : is_null(value) ? Root::Payload::none
                                        : Root::Payload::other;
        root.payload_member = member;
      }
      ++member;
      return simdjson::SUCCESS;
    });
  }

  JsonError read_booking(JsonValue& value, const Root& root, Webhook& row) {
    switch (root.payload) {
      case Root::Payload::none:
        return bookings_.read(value, person_key_, row);
      case Root::Payload::object: {
        std::size_t member = 0;
        return visit_members(value, texts_, [&](std::string_view, JsonValue& payload) {
          if (member++ != root.payload_member) return simdjson::SUCCESS;
          return row.trigger == kSynced ? api_bookings_.read(payload, person_key_, row)
                                        : bookings_.read(payload, person_key_, row);
        });
      }
      case Root::Payload::other:
        break;
    }
    return simdjson::SUCCESS;
  }

  void classify(const Root& root, Webhook& row) {
    const std::string_view trigger = *row.trigger;
    const auto too_long = [](const Webhook::Text& uid) { return uid && uid->size() > kMaxUid; };
    row.host_no_show |= trigger == "AFTER_HOSTS_CAL_VIDEO_NO_SHOW";

    if (trigger == "PING") {
      row.kind = Kind::ping;
    } else if (root.payload == Root::Payload::other) {
      row.problem = describe({trigger, " with a payload that is not an object", kRemoveTemplate});
    } else if (too_long(row.uid) || too_long(row.reschedule_uid) || too_long(row.superseded_by)) {
      row.problem = describe({trigger, " with a uid of more than 255 bytes"});
    } else if (!booking_trigger(trigger)) {
      row.kind = Kind::other;
    } else if (!row.uid) {
      row.problem = describe({trigger, " without uid", kRemoveTemplate});
    } else {
      row.kind = Kind::booking;
    }
    if (too_long(row.uid)) row.uid.reset();
    if (too_long(row.reschedule_uid)) row.reschedule_uid.reset();
    if (too_long(row.superseded_by)) row.superseded_by.reset();
  }

  // Makes the row that of a body that can't be read at all.
  void reject(JsonError error, std::optional<std::size_t> place, Webhook& row) {
    if (error == simdjson::MEMALLOC) throw std::bad_alloc();
    row = {};
    row.problem = explain(error, place);
  }

  std::string_view explain(JsonError error, std::optional<std::size_t> place) {
    if (error == simdjson::UNCLOSED_STRING) {
      return "invalid JSON: a string is not closed; the body seems to be cut off";
    }
    if (error == simdjson::UNESCAPED_CHARS) {
      return "invalid JSON: a string holds an unescaped control character";
    }
    if (error == simdjson::CAPACITY) return "the body is too long to be read";
    if (!place) return "invalid JSON";
    return describe({"invalid JSON at byte ", std::to_string(*place)});
  }

  std::string_view describe(std::initializer_list<std::string_view> parts) {
    std::string text;
    for (const std::string_view part : parts)
      text += part;
    return texts_.store(text);
  }

  std::string_view person_key_;
  std::size_t offset_ = 0;  // of the document in the body
  JsonDocument document_;
  TextStore texts_;
  BookingReader bookings_{texts_};
  ApiBookingReader api_bookings_{texts_};
};

WebhookParser::WebhookParser() noexcept = default;

WebhookParser::~WebhookParser() = default;

const Webhook& WebhookParser::parse(std::string_view body, std::string_view person_key) noexcept {
  // The list's memory stays with the row.
  std::vector<Attendee> attendees = std::exchange(row_.attendees, {});
  attendees.clear();
  row_ = {};
  row_.attendees = std::move(attendees);

  try {
    if (!reader_) reader_ = std::make_unique<Reader>();
    reader_->read(body, person_key, row_);
  } catch (const std::exception&) {
    row_ = {};
    row_.problem = kOutOfMemory;
    reader_.reset();
  }
  return row_;
}

}  // namespace calytics::core
