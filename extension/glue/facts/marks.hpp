// Marks chains as changed, in the transaction that changed their legs (sql/unsettled.sql).
#pragma once

#include "glue/pg/pg.hpp"

#include <span>

#include "glue/pg/table.hpp"

namespace calytics::glue {

// marks: calytics.chain_mark.
void mark_chains(Table& marks, std::int32_t source, std::span<const std::string_view> roots);

}  // namespace calytics::glue
