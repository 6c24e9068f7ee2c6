// Reads one host, wherever Cal.com names one: an organizer, a user, a member of a team.
#pragma once

#include <optional>
#include <string_view>

#include "json_value.hpp"
#include "webhook.hpp"

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
