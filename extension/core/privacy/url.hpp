// Addresses of pages and referrers as they may be stored: without user names, passwords and
// fragment, the rest scrubbed, percent-encoded or not.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/privacy/personal_data.hpp"

namespace calytics::core {

inline constexpr std::size_t kUrlLimit = 2048;

// How much of a URL is kept.
enum class UrlPart : std::uint8_t {
  all,  // without fragment
  without_query,
  origin  // scheme, host and port
};

struct Url {
  std::string text;  // at most kUrlLimit bytes
  std::string host;  // in lower case and without port; empty if there is none
  std::string utm_source;
  std::string utm_medium;
  std::string utm_campaign;
  PersonalDataCounts found;
};

// Any text; what isn't a URL is scrubbed as the path of one. Of an overlong URL the query is left
// out. Campaign parameters are read with UrlPart::all only. May throw std::bad_alloc.
Url scrub_url(std::string_view text, UrlPart part);

}  // namespace calytics::core
