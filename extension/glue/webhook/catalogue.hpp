// What webhooks tell beside a booking's state: its free text, and the names of services, hosts and
// persons, each with the time it was first used. Commutative and idempotent, as state is.
#pragma once

#include "glue/pg/pg.hpp"

#include "core/booking/webhook.hpp"
#include "core/time/moment.hpp"
#include "glue/webhook/booking_tables.hpp"

namespace calytics::glue {

// The leg's row is locked by the caller; fresh: the leg was not known before. The text told last
// stands. texts: calytics.booking_private.
void learn_texts(Table& texts, std::int32_t source, const core::Webhook& webhook, core::Moment at,
                 bool fresh);

void learn_names(BookingTables& tables, std::int32_t source, const core::Webhook& webhook,
                 core::Moment at);

}  // namespace calytics::glue
