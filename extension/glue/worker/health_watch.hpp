// Who looks at how a database fares, and when: its folder, calytics.health_interval after the last
// look. A folder that is held up, by a lock perhaps, can't tell that it is; so where a look is
// overdue by half as much again, and a second, the launcher starts a worker that looks in its
// stead, waits for no lock for long, and leaves.
#pragma once

#include "glue/pg/pg.hpp"

#include "glue/worker/folder_slots.hpp"

namespace calytics::glue {

inline constexpr const char* sample_health = "select calytics.sample_health()";

// When the folder is to look; never, if nobody is.
TimestampTz look_due_at(const FolderSlot& slot);

// For the launcher: starts a worker wherever a look is overdue. When to come again.
TimestampTz start_overdue_looks();

}  // namespace calytics::glue
