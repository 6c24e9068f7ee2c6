#include "core/privacy/session_id.hpp"

#include <algorithm>

#include "core/privacy/number_run.hpp"
#include "core/privacy/scrub.hpp"
#include "core/text/ascii.hpp"

namespace calytics::core {

bool is_uuid(std::string_view text) noexcept {
  constexpr std::string_view kForm = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
  return std::ranges::equal(text, kForm, [](char c, char form) {
    const char lower = to_lower(c);
    return form == '-' ? c == '-' : is_digit(c) || (lower >= 'a' && lower <= 'f');
  });
}

bool is_session_id(std::string_view text) {
  constexpr std::size_t kLongest = 64;
  const auto is_plain = [](char c) {
    return is_alphanumeric(c) || c == '_' || c == '-' || c == '.';
  };
  if (text.empty() || text.size() > kLongest || !std::ranges::all_of(text, is_plain)) return false;
  return is_uuid(text) || !holds_personal_data(text, NumberHint::identifier);
}

}  // namespace calytics::core
