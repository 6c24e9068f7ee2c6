// The background worker that starts folders.
#pragma once

namespace calytics::glue {

// To be called while the server preloads the library.
void register_launcher();

}  // namespace calytics::glue
