// A call of cal.http, or of what has its form.
#pragma once

#include <string_view>

namespace calytics::gateway {

inline constexpr char kJsonbVersion = 1;  // the first byte of a binary jsonb

struct Call {
  std::string_view method;
  std::string_view path;
  std::string_view query;
  std::string_view headers_json;
  std::string_view body;
};

}  // namespace calytics::gateway
