// Wakes folders once the transaction under way is committed.
#pragma once

#include "glue/pg/pg.hpp"

namespace calytics::glue {

// Cheap when called often, of no effect where calytics is not preloaded.
void wake_folder_at_commit(std::int64_t rows);

// The folder of a database that this transaction makes.
void start_folder_at_commit(Oid database);

}  // namespace calytics::glue
