// Rate limits, in shared memory.
#pragma once

#include <string_view>

namespace calytics::glue {

// To be called while the server preloads the library.
void request_rate_limits();

// Takes a token of that class (as calytics.limit_<name> has it) from a client's bucket: 0, or in
// how many seconds there will be one. Whose address can't be read is not limited.
int take_token(std::string_view name, std::string_view client);

}  // namespace calytics::glue
