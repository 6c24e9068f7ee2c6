// Counters of refused deliveries, in shared memory.
#pragma once

#include <string_view>

namespace calytics::glue {

// To be called while the server preloads the library.
void request_refusal_counters();

// outcome: unauthorized, too_large, forbidden or rate_limited; raises an error for any other.
void count_refusal(std::string_view outcome);

}  // namespace calytics::glue
