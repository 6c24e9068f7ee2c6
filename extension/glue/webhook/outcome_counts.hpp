// What became of deliveries and events, counted by source in shared memory.
#pragma once

#include <cstdint>
#include <string_view>

namespace calytics::glue {

// To be called while the server preloads the library.
void request_outcome_counters();

// Counts once the transaction under way is committed, and not at all if it is rolled back. Without
// preloading there is nothing to count in. outcome: one of those in outcome_counts.cpp; raises an
// error for any other.
void count_outcome(std::int32_t source, std::string_view outcome, std::int64_t times = 1);

}  // namespace calytics::glue
