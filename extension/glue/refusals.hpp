// Counters of refused deliveries, in shared memory.
#pragma once

namespace calytics::glue {

// To be called while the server preloads the library.
void request_refusal_counters();

}  // namespace calytics::glue
