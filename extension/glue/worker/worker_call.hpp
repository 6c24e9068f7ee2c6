// What the background workers with a database of their own do there: they settle in, and run one
// statement after another, each in a transaction of its own.
#pragma once

#include "glue/pg/pg.hpp"

namespace calytics::glue {

// Connected already. Settings of the database or the role, which are meant for people, hold no
// more.
void settle_in(const char* name);

// Runs a statement that gives a bigint. What it gives, or -1 if the extension is gone. Raises what
// the statement raises.
std::int64_t call(const char* statement);

}  // namespace calytics::glue
