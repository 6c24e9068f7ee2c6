// Plans that our functions make of tables that are empty yet, and keep while these grow.
//
// PostgreSQL takes a table that nobody has vacuumed for one of some rows, even if it has none, and
// one that was vacuumed while it was empty for one without: then all indexes look alike, and the
// plan may find every row of a source where it should find one. Ours are planned as if nobody had
// vacuumed yet, until there is something to know.
#pragma once

#include "glue/pg/pg.hpp"

namespace calytics::glue {

// Once, when the library is loaded. Plans of others stay as they are.
void plan_for_rows();

}  // namespace calytics::glue
