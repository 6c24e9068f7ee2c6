// Marks chains as changed, in the transaction that changed their legs (sql/unsettled.sql).
#pragma once

#include "pg.hpp"

namespace calytics::glue {

// roots: text[]. Within SPI_connect and SPI_finish.
void mark_chains(std::int32_t source, Datum roots);

}  // namespace calytics::glue
