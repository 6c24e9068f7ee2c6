#include "core/text/form_body.hpp"

#include <algorithm>

#include "core/text/percent.hpp"
#include "core/text/text.hpp"

namespace calytics::core {

namespace {

bool is_name_character(char c) noexcept {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
         std::string_view("_-.[]").find(c) != std::string_view::npos;
}

}  // namespace

bool looks_like_form(std::string_view body) noexcept {
  const std::size_t equals = body.find('=');
  return equals != std::string_view::npos && equals > 0 &&
         std::ranges::all_of(body.substr(0, equals), is_name_character);
}

std::optional<std::string> form_value(std::string_view body, std::string_view name) {
  std::optional<std::string_view> found;
  while (!body.empty()) {
    const std::string_view pair = body.substr(0, body.find('&'));
    body.remove_prefix(std::min(pair.size() + 1, body.size()));
    if (pair.size() > name.size() && pair.starts_with(name) && pair[name.size()] == '=') {
      found = trim_ascii(pair.substr(name.size() + 1));
    }
  }
  if (!found || found->empty()) return std::nullopt;
  std::string value;
  append_repaired(value, percent_decode(*found));
  return value;
}

}  // namespace calytics::core
