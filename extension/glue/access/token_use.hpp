// When tokens were last used, in shared memory.
#pragma once

namespace calytics::glue {

// To be called while the server preloads the library.
void request_token_uses();

}  // namespace calytics::glue
