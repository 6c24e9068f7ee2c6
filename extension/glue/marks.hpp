// Marks chains as changed, in the transaction that changed their legs (sql/unsettled.sql).
#pragma once

#include "pg.hpp"

#include <span>

namespace calytics::glue {

// Within SPI_connect and SPI_finish.
void mark_chains(std::int32_t source, std::span<const std::string_view> roots);

}  // namespace calytics::glue
