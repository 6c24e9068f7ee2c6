// What an authentic webhook says of a booking, written to the booking's rows.
#pragma once

#include "glue/pg/pg.hpp"

#include "core/booking/webhook.hpp"
#include "glue/webhook/booking_tables.hpp"
#include "glue/webhook/understand.hpp"

namespace calytics::glue {

// Of a webhook of kind booking. An error leaves it half done, for a subtransaction to undo.
Understood apply(BookingTables& tables, const core::Webhook& webhook, const Delivered& delivered);

// The number of what comes next, or what was given.
std::int64_t place_in_order(const Delivered& delivered);

}  // namespace calytics::glue
