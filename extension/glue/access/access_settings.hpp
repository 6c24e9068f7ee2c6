// The configuration parameters that say who may call, and how often.
#pragma once

#include <array>

#include "core/access/network.hpp"
#include "core/access/token_bucket.hpp"

namespace calytics::glue {

// To be called once, while the library is being loaded, before define_settings().
void define_access_settings();

// The proxies whose X-Forwarded fields count.
const core::NetworkList& trusted_proxies();

// How often a client may make the calls of each class: calytics.limit_<name>.
inline constexpr std::array<const char*, 4> kRateLimitNames = {"login", "tracking", "webhook",
                                                               "read"};
const core::RateLimit& rate_limit(std::size_t which);

}  // namespace calytics::glue
