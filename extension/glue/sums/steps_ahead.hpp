// Steps of funnels that were taken after the moment at which a span is looked at, which buckets
// count and the span doesn't. As the moment moves on so do these: they are looked up ahead
// (look_ahead.hpp) by who remembers sums.
//
// Guarantees: what is remembered ahead is what the funnels of the memo's run tell; a run that
// changes an hour in which they began makes it forgotten.
#pragma once

#include "glue/sums/look_ahead.hpp"
#include "glue/sums/reader.hpp"

namespace calytics::glue {

struct FunnelAhead;

class StepsAhead {
 public:
  // Of spans that are looked at so many different moments; all that it remembers goes with the
  // memory.
  StepsAhead(std::size_t moments, MemoryContext memory);

  // Takes the steps back that were taken after the moments of the reader's spans.
  void take_back(Reader& reader);

  // A run of the folder has added to this hour.
  void forget_hour(const core::Rules& rules, Timestamp hour);

 private:
  std::span<FunnelAhead> moments_;
};

// The same, of who remembers nothing.
void take_back_steps(Reader& reader);

}  // namespace calytics::glue
