// The segment that rows for the folder are tagged with; segment.cpp explains it.
#pragma once

#include <cstdint>

namespace calytics::glue {

// Held open until the transaction ends.
std::int64_t open_segment();

}  // namespace calytics::glue
