// Whom and what a request is for: the request-target of RFC 9112, section 3.2, and the Host that
// stands beside it. What no two servers need read alike is refused: a user's name in an authority,
// a fragment, a Host that is none.
#pragma once

#include <optional>
#include <string_view>

namespace calytics::gateway {

// Views of what was parsed.
struct RequestTarget {
  std::string_view path;       // "*" of an OPTIONS for no address in particular
  std::string_view query;      // after the '?'
  std::string_view authority;  // of the absolute form; else empty
};

// None if it is malformed.
std::optional<RequestTarget> parse_target(std::string_view method, std::string_view target);

// A host and perhaps a port; empty is one, too.
bool is_host(std::string_view value);

}  // namespace calytics::gateway
