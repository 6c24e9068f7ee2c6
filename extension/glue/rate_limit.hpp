// Rate limits, in shared memory.
#pragma once

namespace calytics::glue {

// To be called while the server preloads the library.
void request_rate_limits();

}  // namespace calytics::glue
