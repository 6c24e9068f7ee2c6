// Reads one host, wherever Cal.com names one: an organizer, a user, a member of a team.
#pragma once

#include <optional>
#include <string_view>

#include "core/booking/webhook.hpp"
#include "core/text/json_value.hpp"

namespace calytics::core {

struct Host {
  Webhook::Number id;
  Webhook::Text username;
  Webhook::Text name;
  Webhook::Text email;
  Webhook::Text time_zone;
};

// Replaces `host`. May throw std::bad_alloc.
JsonError read_host(JsonValue& value, TextStore& texts, Host& host);

}  // namespace calytics::core
