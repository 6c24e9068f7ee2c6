#include "metrics_text.hpp"

#include <array>
#include <charconv>

namespace calytics::gateway {

void MetricsText::family(std::string_view name, std::string_view type, std::string_view help) {
  family_ = name;
  text_.append("# HELP ").append(name).append(" ").append(help).append("\n");
  text_.append("# TYPE ").append(name).append(" ").append(type).append("\n");
}

void MetricsText::sample(double value, Labels labels, std::string_view suffix) {
  text_.append(family_).append(suffix);
  char before = '{';
  for (const auto& [name, label] : labels) {
    text_ += std::exchange(before, ',');
    text_.append(name).append("=\"");
    for (const char c : label) {
      if (c == '\\' || c == '"') text_ += '\\';
      if (c == '\n') {
        text_ += "\\n";
      } else {
        text_ += c;
      }
    }
    text_ += '"';
  }
  if (before == ',') text_ += '}';
  std::array<char, 32> number{};
  auto* const end = std::to_chars(number.data(), number.data() + number.size(), value).ptr;
  text_.append(" ").append(number.data(), end).append("\n");
}

void MetricsText::counter(std::string_view name, std::string_view help, double value) {
  family(name, "counter", help);
  sample(value);
}

void MetricsText::gauge(std::string_view name, std::string_view help, double value) {
  family(name, "gauge", help);
  sample(value);
}

}  // namespace calytics::gateway
