// Members of a jsonb object.
#pragma once

#include "glue/pg/pg.hpp"

extern "C" {
#include "utils/jsonb.h"
}

namespace calytics::glue {

// As ->> gives it: nullptr if it isn't there, if it is null, or if this is no object.
const text* text_member(Jsonb* object, std::string_view name);

bool is_true_member(Jsonb* object, std::string_view name);

}  // namespace calytics::glue
