// The configuration parameters calytics.*.
#pragma once

#include "core/network.hpp"

namespace calytics::glue {

// To be called once, while the library is being loaded.
void define_settings();

// Whether databases have folders, how often they run at most, and how often they merge.
bool fold_worker();
int fold_interval();   // ms
int merge_interval();  // ms

// The proxies whose X-Forwarded-* fields count.
const core::NetworkList& trusted_proxies();

}  // namespace calytics::glue
