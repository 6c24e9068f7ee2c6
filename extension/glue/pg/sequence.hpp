// Sequences of schema calytics by name.
#pragma once

#include "glue/pg/pg.hpp"

namespace calytics::glue {

// Raises an error if there is none.
Oid sequence_named(const char* name);

}  // namespace calytics::glue
