// Headers of a request: a JSON object of names and values.
#pragma once

#include "glue/pg/pg.hpp"

#include <span>

extern "C" {
#include "utils/jsonb.h"
}

namespace calytics::glue {

// The value of the first of the names (in lower case) that is there, whatever its own case, as a
// text; nullptr if none is.
const text* header_of(Jsonb* headers, std::span<const std::string_view> names);

}  // namespace calytics::glue
