// A tally as people write it: {3:5,1004:-2}, and {} for none. Read in any order, with white space
// between any two words; what is told of one index twice adds up.
//
// Guarantees those of tally.hpp.
#pragma once

#include "core/metrics/tally.hpp"

namespace calytics::core {

enum class TallyTextStatus { ok, malformed, index_out_of_range, count_out_of_range };

// How many entries a text can't exceed.
std::size_t text_entries(std::string_view text) noexcept;

// Fills `entries`, which has room for text_entries(text), with what the text says, as it stands
// there; `entries` shrinks to that.
TallyTextStatus parse_tally(std::string_view text, std::span<TallyEntry>& entries) noexcept;

// What the text of so many entries takes at most.
constexpr std::size_t text_room(std::size_t entries) noexcept {
  constexpr std::size_t most_of_an_entry = 5 + 1 + 20 + 1;
  return most_of_an_entry * entries + 2;
}

// Prints into room for text_room(TallyWriter::entries(bytes.size())); `end` is where the text ends.
TallyStatus print_tally(std::string_view bytes, char* out, char*& end) noexcept;

}  // namespace calytics::core
