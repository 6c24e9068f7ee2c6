// What the ends of spans of remembered sums move over: rows that count in them from then on, or no
// more. They are looked up ahead (look_ahead.hpp).
//
// Guarantees: what is remembered ahead is what the buckets of the memo's run hold; a run that
// changes an hour of it makes it forgotten.
#pragma once

#include "glue/sums/look_ahead.hpp"
#include "glue/sums/reader.hpp"
#include "glue/sums/steps_ahead.hpp"

namespace calytics::glue {

struct EndAhead;

// Beside a memo, in a memory context of its own.
class TrackedAhead {
 public:
  // For so many spans; all that it remembers goes with the memory.
  TrackedAhead(std::size_t spans, MemoryContext memory);

  // Makes sums those of spans whose ends have moved.
  void move(Reader& reader, std::span<const Span> to);

  // Takes back the steps of funnels that were taken after the moments of spans.
  void take_back_steps(Reader& reader) { steps_.take_back(reader); }

  // A run of the folder has added to this hour.
  void forget_hour(const core::Rules& rules, std::string_view basis, Timestamp hour);

 private:
  StepsAhead steps_;
  std::span<EndAhead> ends_;  // the beginnings and ends of spans by turns
};

}  // namespace calytics::glue
