// Which services events may be of (sql/event_service.sql).
#pragma once

#include "glue/pg/pg.hpp"

#include <span>

#include "glue/tracking/event_row.hpp"

namespace calytics::glue {

// Events of services that there is no room for become events of "(other)". Within SPI_connect and
// SPI_finish.
void bound_services(std::span<EventRow> rows, const Receipt& receipt);

}  // namespace calytics::glue
