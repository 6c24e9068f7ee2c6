// What every reader of a request's body begins with.
#pragma once

#include <string_view>

#include "core/text/text.hpp"

namespace calytics::core {

inline constexpr std::string_view kOutOfMemory = "out of memory";  // a reader's problem then

// The body without a byte order mark and without the white space around it.
inline std::string_view content_of(std::string_view body) noexcept {
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  if (body.starts_with(kByteOrderMark)) body.remove_prefix(kByteOrderMark.size());
  return trim_ascii(body);
}

}  // namespace calytics::core
