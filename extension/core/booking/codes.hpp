// Codes that Cal.com writes now in small letters and now in capitals: status and currency.
#pragma once

#include <optional>
#include <string_view>

#include "core/text/json_value.hpp"

namespace calytics::core {

// Both may throw std::bad_alloc.
std::optional<std::string_view> upper_case(const std::optional<std::string_view>& text,
                                           TextStore& texts);
// Absent unless it is three letters.
std::optional<std::string_view> currency_code(const std::optional<std::string_view>& text,
                                              TextStore& texts);

}  // namespace calytics::core
