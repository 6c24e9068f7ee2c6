// Distinct visitors of a range (visitors.cpp).
#pragma once

#include "glue/sums/visitor_memo.hpp"

namespace calytics::glue {

struct VisitorCount {
  Timestamp unit;
  std::int64_t visitors;
  std::int64_t total;  // of all units, if asked for
};
using VisitorSink = void (*)(void* context, const VisitorCount& count);

// Gives the visitors of each unit in which there are any, exact in the caller's snapshot while they
// are few; within SPI_connect and SPI_finish. Asked for are a source, a range, a unit and whether
// the total is wanted. `memory` outlives the call.
void count_visitors(const Asked& asked, MemoryContext memory, VisitorSink sink, void* context);

}  // namespace calytics::glue
