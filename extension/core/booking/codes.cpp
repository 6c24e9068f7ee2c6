#include "core/booking/codes.hpp"

#include <algorithm>
#include <string>

namespace calytics::core {

std::optional<std::string_view> upper_case(const std::optional<std::string_view>& text,
                                           TextStore& texts) {
  if (!text) return text;
  std::string upper(*text);
  for (char& c : upper) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return texts.store(upper);
}

std::optional<std::string_view> currency_code(const std::optional<std::string_view>& text,
                                              TextStore& texts) {
  const auto code = upper_case(text, texts);
  const bool is_code = code && code->size() == 3 &&
                       std::ranges::all_of(*code, [](char c) { return c >= 'A' && c <= 'Z'; });
  return is_code ? code : std::nullopt;
}

}  // namespace calytics::core
