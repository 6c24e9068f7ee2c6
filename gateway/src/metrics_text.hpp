// Writes Prometheus's text format 0.0.4: a family's HELP and TYPE, then its samples.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

namespace calytics::gateway {

class MetricsText {
 public:
  using Labels = std::initializer_list<std::pair<std::string_view, std::string_view>>;

  // `help` holds neither a backslash nor a line's end.
  void family(std::string_view name, std::string_view type, std::string_view help);
  // Of the latest family; `suffix` is what a histogram's samples add to its name.
  void sample(double value, Labels labels = {}, std::string_view suffix = "");
  // A family of one sample.
  void counter(std::string_view name, std::string_view help, double value);
  void gauge(std::string_view name, std::string_view help, double value);

  const std::string& text() const { return text_; }

 private:
  std::string text_;
  std::string family_;
};

}  // namespace calytics::gateway
