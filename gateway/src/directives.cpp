#include "directives.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <string_view>

#include "text.hpp"

namespace calytics::gateway {
namespace {

constexpr std::string_view kPrefix = "x-calytics-";

std::vector<std::string> elements(std::string_view list) {
  std::vector<std::string> elements;
  for_each_element(list, [&](std::string_view element) { elements.emplace_back(element); });
  return elements;
}

void read(std::string_view name, const std::string& value, Directives& directives) {
  if (name == "listen") {
    directives.channels = elements(value);
  } else if (name == "class") {
    directives.request_class = value;
  } else if (name == "lifetime") {
    std::uint32_t seconds = 0;
    const auto* end = value.data() + value.size();
    if (std::from_chars(value.data(), end, seconds).ptr == end)
      directives.lifetime = std::chrono::seconds{seconds};
  }
}

}  // namespace

Directives take_directives(Answer& answer) {
  Directives directives;
  std::erase_if(answer.headers, [&](const Header& header) {
    const auto name = to_lower(header.name);
    if (!name.starts_with(kPrefix)) return false;
    read(std::string_view(name).substr(kPrefix.size()), header.value, directives);
    return true;
  });
  return directives;
}

}  // namespace calytics::gateway
