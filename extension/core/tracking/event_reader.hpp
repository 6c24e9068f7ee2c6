// Reads the members of one tracked event, as sent; event_judge.hpp makes a row of them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string_view>

#include "core/text/json_value.hpp"
#include "core/tracking/property_writer.hpp"

namespace calytics::core {

// AnalyticsContext. An absent text says nothing; an empty one is kept apart, for of a user agent it
// says a lot.
struct Client {
  using Text = std::optional<std::string_view>;

  Text user_id;
  Text user_agent;
  Text ip_address;
  Text referrer;
  Text url;
  std::optional<std::int64_t> sent_at;  // by the clock that events' timestamps are from
};

struct RawEvent : Client {
  Text session_id;
  Text event_type;
  Text event_id;
  Text service_id;
  Text booking_uid;
  Text experiment;
  Text variant;
  std::optional<std::int64_t> booking_id;
  std::optional<std::int64_t> event_type_id;
  std::optional<std::int64_t> duration;
  std::optional<std::int64_t> happened_at;
  std::optional<Properties> properties;

  std::string_view problem;  // the first that was found; empty if all members can be used
};

class EventReader {
 public:
  explicit EventReader(TextStore& texts) : texts_(texts), writer_(texts) {}

  // `attribution` as in PropertyWriter. May throw std::bad_alloc.
  JsonError read(JsonValue& object, std::size_t max_properties, bool attribution, RawEvent& event);
  JsonError read_context(JsonValue& object, Client& client);

  std::string_view describe(std::initializer_list<std::string_view> parts);

 private:
  friend struct EventTarget;

  TextStore& texts_;
  PropertyWriter writer_;
  std::size_t max_properties_ = 0;
  bool attribution_ = true;
};

}  // namespace calytics::core
