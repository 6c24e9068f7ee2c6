// Keeps folders out of the way of commands that need a database for themselves.
#pragma once

namespace calytics::glue {

// To be called while the server preloads the library.
void watch_database_commands();

}  // namespace calytics::glue
