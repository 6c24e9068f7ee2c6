// The configuration parameters calytics.*.
#pragma once

#include <array>

#include "core/network.hpp"
#include "core/token_bucket.hpp"

namespace calytics::glue {

// To be called once, while the library is being loaded.
void define_settings();

// Whether databases have folders, how often they run at most, and how often they merge.
bool fold_worker();
int fold_interval();   // ms
int merge_interval();  // ms

// The proxies whose X-Forwarded-* fields count.
const core::NetworkList& trusted_proxies();

// How often a client may make the calls of each class: calytics.limit_<name>.
inline constexpr std::array<const char*, 4> kRateLimitNames = {"login", "tracking", "webhook",
                                                               "read"};
const core::RateLimit& rate_limit(std::size_t which);

// Whether this session remembers sums.
bool remember();

}  // namespace calytics::glue
