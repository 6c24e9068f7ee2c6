// Visitors of some events, and of those that are not folded, for calytics.visitors (visitors.cpp).
#pragma once

#include "reader.hpp"
#include "visitor_memo.hpp"

namespace calytics::glue {

// Gives a sketch for each unit in which there are visitors in the range asked for.
void sketch_visits(const List<Visit>& visits, const Asked& asked, const core::Rules& rules,
                   RowSink sink, void* context);

// Gives a sketch for each unit in which there are any: the unit's start and its sketch. Events are
// found by segment, however much happened in the range.
void pending_visitors(const Reader& reader, const Asked& asked, const core::Rules& rules,
                      RowSink sink, void* context);

}  // namespace calytics::glue
