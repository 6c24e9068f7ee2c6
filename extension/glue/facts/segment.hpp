// The segment that rows for the folder are tagged with; segment.cpp explains it.
#pragma once

#include <cstdint>

namespace calytics::glue {

// Held open until the transaction ends.
std::int64_t open_segment();

// A number that is another one whenever rows tagged before may be undone or taken by the folder
// while this transaction goes on, or belong to another transaction; after open_segment().
std::uint64_t segment_turn();

}  // namespace calytics::glue
