// Reads a booking's metadata, which whoever books may set: all but secrets, and the session that
// made the booking, if they name one.
#pragma once

#include <string>

#include "core/booking/webhook.hpp"
#include "core/text/json_value.hpp"

namespace calytics::core {

// Replaces the row's metadata, which `json` holds, and its session. May throw std::bad_alloc.
JsonError read_metadata(JsonValue& value, TextStore& texts, std::string& json, Webhook& row);

}  // namespace calytics::core
