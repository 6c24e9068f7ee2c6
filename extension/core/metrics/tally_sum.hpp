// Adds up many tallies in memory that the caller owns and lets grow: a sorted vector of indexes
// beside one of counts. Tallies of one group mostly share their indexes, so the common addition
// changes counts in place and moves nothing.
//
// Guarantees those of tally.hpp. After a status other than ok the counts mean nothing.
#pragma once

#include "core/metrics/tally.hpp"

namespace calytics::core {

struct TallySum {
  std::int64_t* counts = nullptr;
  std::uint16_t* indexes = nullptr;
  std::uint32_t size = 0;
};

// Makes an empty sum, with room for all of the tally's entries, weight * tally.
TallyStatus begin_sum(TallySum& sum, std::string_view tally, std::int64_t weight,
                      std::int32_t limit) noexcept;

// Adds weight * tally at those indexes that the sum has already, and counts those it has not. Here
// and above indexes below the limit count.
TallyStatus add_known(TallySum& sum, std::string_view tally, std::int64_t weight,
                      std::uint32_t& unknown, std::int32_t limit = kTallyIndexes) noexcept;

// Adds weight * tally at those indexes that add_known counted. Both vectors have room for them.
TallyStatus add_unknown(TallySum& sum, std::string_view tally, std::int64_t weight,
                        std::uint32_t unknown) noexcept;

// How many entries of it are not zero.
std::size_t entries_of(const TallySum& sum) noexcept;

void write_sum(const TallySum& sum, TallyWriter& out) noexcept;

}  // namespace calytics::core
