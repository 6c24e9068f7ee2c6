// Where tracked events are put: into the month's partition of calytics.event, many at once, as COPY
// does it. Where somebody has given the table what COPY alone doesn't see to (triggers, rules, row
// security, columns), by plain INSERT statements.
#pragma once

#include "glue/pg/pg.hpp"

#include <span>

#include "glue/tracking/event_row.hpp"

namespace calytics::glue {

// All were received at that moment. The partition is made if it is missing. Within SPI_connect and
// SPI_finish.
void store_events(std::span<const EventRow> rows, TimestampTz received);

}  // namespace calytics::glue
