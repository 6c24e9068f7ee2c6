// Bodies as the archive keeps them (core/booking/body_codec.hpp): values of calytics.webhook_body.
#pragma once

#include "glue/pg/pg.hpp"

namespace calytics::glue {

// A value of calytics.webhook_body.
Datum packed_body(std::string_view body);

}  // namespace calytics::glue
