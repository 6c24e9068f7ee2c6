// A person who was erased doesn't come back with later webhooks about the same bookings.
#pragma once

#include "glue/pg/pg.hpp"

#include "core/booking/webhook.hpp"

namespace calytics::glue {

// Whether anybody was ever erased. Within SPI_connect and SPI_finish, as is what follows.
bool has_erased();

// The body as it is to be kept if it may name somebody who was erased; nullptr if it doesn't. Reads
// the body again in the first case.
const bytea* without_erased(std::int32_t source, const core::Webhook& webhook, const bytea* body,
                            std::string_view person_key);

}  // namespace calytics::glue
