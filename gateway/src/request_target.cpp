#include "request_target.hpp"

#include <algorithm>

#include "text.hpp"

namespace calytics::gateway {
namespace {

constexpr std::string_view kMarksOfNames = "-._~!$&'()*+,;=%";

bool is_target_char(char c) {
  return c > 0x20 && c < 0x7f && c != '#';
}

bool is_letter_or_digit(char c) {
  const char lower = ascii_lower(c);
  return is_digit(c) || (lower >= 'a' && lower <= 'z');
}

bool is_name(std::string_view name) {
  return std::all_of(name.begin(), name.end(), [](char c) {
    return is_letter_or_digit(c) || kMarksOfNames.find(c) != std::string_view::npos;
  });
}

bool is_address(std::string_view address) {
  return !address.empty() && std::all_of(address.begin(), address.end(), [](char c) {
    return is_letter_or_digit(c) || c == ':' || c == '.';
  });
}

}  // namespace

std::optional<RequestTarget> parse_target(std::string_view method, std::string_view target) {
  if (target.empty() || !std::all_of(target.begin(), target.end(), is_target_char))
    return std::nullopt;
  if (method == "OPTIONS" && target == "*") return RequestTarget{target, {}, {}};
  RequestTarget parsed;
  if (!target.starts_with('/')) {
    const auto scheme_end = target.find("://");
    if (scheme_end == std::string_view::npos) return std::nullopt;
    const auto scheme = target.substr(0, scheme_end);
    if (!equals_ignoring_case(scheme, "http") && !equals_ignoring_case(scheme, "https"))
      return std::nullopt;
    target.remove_prefix(scheme_end + 3);
    parsed.authority = target.substr(0, target.find_first_of("/?"));
    if (parsed.authority.empty() || !is_host(parsed.authority)) return std::nullopt;
    target.remove_prefix(parsed.authority.size());
  }
  const auto mark = target.find('?');
  parsed.path = target.substr(0, mark);
  if (parsed.path.empty()) parsed.path = "/";
  if (mark != std::string_view::npos) parsed.query = target.substr(mark + 1);
  return parsed;
}

bool is_host(std::string_view value) {
  std::string_view port;
  if (value.starts_with('[')) {
    const auto end = value.find(']');
    if (end == std::string_view::npos || !is_address(value.substr(1, end - 1))) return false;
    port = value.substr(end + 1);
  } else {
    const auto colon = std::min(value.find(':'), value.size());
    if (!is_name(value.substr(0, colon))) return false;
    port = value.substr(colon);
  }
  return port.empty() ||
         (port.front() == ':' && std::all_of(port.begin() + 1, port.end(), is_digit));
}

}  // namespace calytics::gateway
