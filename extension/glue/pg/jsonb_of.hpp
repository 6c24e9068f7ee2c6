// jsonb of JSON that is known to be well-formed and without spaces: without lexing each text into a
// copy of it first, as jsonb_in does.
#pragma once

#include "glue/pg/pg.hpp"

namespace calytics::glue {

// A jsonb in the current memory context, the same that jsonb_in makes of an object.
Datum jsonb_of(std::string_view object);

}  // namespace calytics::glue
