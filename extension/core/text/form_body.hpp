// Reads what can be read of a key=value&key=value body.
//
// Cal.com sends the text of a custom template as it is: values may or may not be percent-encoded,
// and
// '+' stands for itself. HTML entities are left alone.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace calytics::core {

// Whether the text begins with a plausible name and '='.
bool looks_like_form(std::string_view body) noexcept;

// The last value of that name, with valid percent escapes decoded and the text repaired. Absent if
// there is none or it is empty. May throw std::bad_alloc.
std::optional<std::string> form_value(std::string_view body, std::string_view name);

}  // namespace calytics::core
