#include "core/tracking/event_reader.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <string>

#include "core/text/json_fields.hpp"
#include "core/text/limits.hpp"
#include "core/text/timestamp.hpp"

namespace calytics::core {

namespace {

constexpr std::size_t kUserAgentLimit = 1024;
constexpr double kMaxCount = 9'007'199'254'740'992.0;  // 2^53

std::optional<double> read_double(JsonValue& value) noexcept {
  const std::string_view token = json_token(value);
  double number = 0;
  const auto [rest, error] = std::from_chars(token.data(), token.data() + token.size(), number);
  if (error != std::errc{} || rest != token.data() + token.size()) return std::nullopt;
  return number;
}

// A string, or a number as it is written.
std::optional<std::string_view> read_text_or_number(JsonValue& value, TextStore& texts,
                                                    std::size_t limit) {
  if (const auto escaped = escaped_text(value)) return texts.unescape(*escaped, limit);
  if (!read_double(value)) return std::nullopt;
  return json_token(value).substr(0, limit);
}

// An integer, also one in quotes, as URL parameters come.
std::optional<std::int64_t> read_integer(JsonValue& value) noexcept {
  if (const auto number = read_number(value)) return number;
  const std::optional<std::string_view> text = escaped_text(value);
  std::int64_t number = 0;
  if (!text || text->empty()) return std::nullopt;
  const auto [rest, error] = std::from_chars(text->data(), text->data() + text->size(), number);
  if (error != std::errc{} || rest != text->data() + text->size() || number < 0)
    return std::nullopt;
  return number;
}

// ISO 8601, or milliseconds since 1970.
std::optional<std::int64_t> read_clock(JsonValue& value, TextStore& texts) {
  if (const auto text = read_text(value, texts, kNameLimit)) return parse_timestamp(*text);
  const auto milliseconds = read_double(value);
  if (!milliseconds || std::abs(*milliseconds) > kMaxCount) return std::nullopt;
  return timestamp_from_milliseconds(std::llround(std::floor(*milliseconds)));
}

}  // namespace

// An event that is being filled, and who can read its larger members.
struct EventTarget {
  RawEvent& event;
  EventReader& reader;

  void refuse(std::initializer_list<std::string_view> parts) {
    if (event.problem.empty()) event.problem = reader.describe(parts);
  }

  JsonError read_properties(JsonValue& value) {
    event.properties.reset();
    if (is_null(value)) return simdjson::SUCCESS;
    if (!is_object(value)) {
      refuse({"properties is not an object: send {\"name\": value, ...}"});
      return simdjson::SUCCESS;
    }
    Properties properties;
    const JsonError error =
        reader.writer_.write(value, reader.max_properties_, reader.attribution_, properties);
    if (properties.too_large) {
      refuse({"properties takes more than ", std::to_string(reader.max_properties_),
              " bytes: send less"});
    } else if (properties.too_deep) {
      refuse({"properties is nested deeper than ", std::to_string(PropertyWriter::kMaxDepth),
              " levels: flatten it"});
    } else {
      event.properties = properties;
    }
    return error;
  }
};

namespace {

template <class T>
T& slot(EventTarget& target, T Client::*member) {
  return target.event.*member;
}

template <class T>
T& slot(EventTarget& target, T RawEvent::*member) {
  return target.event.*member;
}

struct Name {
  std::string_view name;
};

// A text of the client's: what has another type says nothing.
template <class Target, auto member, std::size_t limit>
JsonError client_text(Target& target, TextStore& texts, JsonValue& value) {
  slot(target, member) = read_text_or_number(value, texts, limit);
  return simdjson::SUCCESS;
}

template <auto member, const Name& name>
JsonError event_text(EventTarget& target, TextStore& texts, JsonValue& value) {
  auto& text = slot(target, member);
  text.reset();
  if (is_null(value)) return simdjson::SUCCESS;
  text = read_text_or_number(value, texts, kNameLimit + kUidLimit);
  if (!text) {
    target.refuse({name.name, " is not a text: send a string"});
  } else if (text->empty()) {
    text.reset();
  } else if (text->size() > kNameLimit) {
    target.refuse(
        {name.name, " takes more than ", std::to_string(kNameLimit), " bytes: send a shorter one"});
  }
  return simdjson::SUCCESS;
}

template <auto member, const Name& name>
JsonError event_integer(EventTarget& target, TextStore& /*texts*/, JsonValue& value) {
  auto& number = slot(target, member);
  number.reset();
  if (is_null(value)) return simdjson::SUCCESS;
  number = read_integer(value);
  if (!number) target.refuse({name.name, " is not an integer from 0 on: send Cal.com's id"});
  return simdjson::SUCCESS;
}

JsonError event_duration(EventTarget& target, TextStore& /*texts*/, JsonValue& value) {
  target.event.duration.reset();
  if (is_null(value)) return simdjson::SUCCESS;
  const std::optional<double> duration = read_double(value);
  if (duration && *duration >= 0 && *duration <= kMaxCount) {
    target.event.duration = std::llround(*duration);
  } else {
    target.refuse({"duration is not a number from 0 to 2^53: send what has elapsed"});
  }
  return simdjson::SUCCESS;
}

JsonError event_instant(EventTarget& target, TextStore& texts, JsonValue& value) {
  auto& instant = target.event.happened_at;
  instant.reset();
  if (is_null(value)) return simdjson::SUCCESS;
  instant = read_clock(value, texts);
  if (!instant) {
    target.refuse(
        {"timestamp is no instant: send milliseconds since 1970 or ISO 8601 with an "
         "offset, as 2026-01-31T09:30:00Z"});
  }
  return simdjson::SUCCESS;
}

JsonError client_sent_at(Client& client, TextStore& texts, JsonValue& value) {
  client.sent_at = read_clock(value, texts);
  return simdjson::SUCCESS;
}

JsonError event_properties(EventTarget& target, TextStore& /*texts*/, JsonValue& value) {
  return target.read_properties(value);
}

JsonError event_context(EventTarget& target, TextStore& /*texts*/, JsonValue& value) {
  return target.reader.read_context(value, target.event);
}

constexpr Name kBookingId{"bookingId"};
constexpr Name kBookingUid{"bookingUid"};
constexpr Name kEventTypeId{"calEventTypeId"};
constexpr Name kEventId{"eventId"};
constexpr Name kEventType{"eventType"};
constexpr Name kExperiment{"experiment"};
constexpr Name kServiceId{"serviceId"};
constexpr Name kSessionId{"sessionId"};
constexpr Name kVariant{"variant"};

constexpr auto kEventFields = std::to_array<Field<EventTarget>>({
    {"bookingId", event_integer<&RawEvent::booking_id, kBookingId>},
    {"bookingUid", event_text<&RawEvent::booking_uid, kBookingUid>},
    {"calEventTypeId", event_integer<&RawEvent::event_type_id, kEventTypeId>},
    {"context", event_context},
    {"duration", event_duration},
    {"eventId", event_text<&RawEvent::event_id, kEventId>},
    {"eventType", event_text<&RawEvent::event_type, kEventType>},
    {"experiment", event_text<&RawEvent::experiment, kExperiment>},
    {"ipAddress", client_text<EventTarget, &Client::ip_address, kNameLimit>},
    {"properties", event_properties},
    {"referrer", client_text<EventTarget, &Client::referrer, kUnlimited>},
    {"serviceId", event_text<&RawEvent::service_id, kServiceId>},
    {"sessionId", event_text<&RawEvent::session_id, kSessionId>},
    {"timestamp", event_instant},
    {"url", client_text<EventTarget, &Client::url, kUnlimited>},
    {"userAgent", client_text<EventTarget, &Client::user_agent, kUserAgentLimit>},
    {"userId", client_text<EventTarget, &Client::user_id, kProseLimit>},
    {"variant", event_text<&RawEvent::variant, kVariant>},
});
static_assert(is_sorted(kEventFields));

constexpr auto kContextFields = std::to_array<Field<Client>>({
    {"ipAddress", client_text<Client, &Client::ip_address, kNameLimit>},
    {"referrer", client_text<Client, &Client::referrer, kUnlimited>},
    {"sentAt", client_sent_at},
    {"url", client_text<Client, &Client::url, kUnlimited>},
    {"userAgent", client_text<Client, &Client::user_agent, kUserAgentLimit>},
    {"userId", client_text<Client, &Client::user_id, kProseLimit>},
});
static_assert(is_sorted(kContextFields));

}  // namespace

JsonError EventReader::read(JsonValue& object, std::size_t max_properties, bool attribution,
                            RawEvent& event) {
  max_properties_ = max_properties;
  attribution_ = attribution;
  EventTarget target{event, *this};
  return read_members(target, texts_, object, kEventFields);
}

JsonError EventReader::read_context(JsonValue& object, Client& client) {
  return read_members(client, texts_, object, kContextFields);
}

std::string_view EventReader::describe(std::initializer_list<std::string_view> parts) {
  std::string text;
  for (const std::string_view part : parts)
    text += part;
  return texts_.store(text);
}

}  // namespace calytics::core
