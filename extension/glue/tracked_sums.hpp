// What sums of what is tracked are made of besides buckets (collect_tracked.cpp): events that are
// not folded and what became of their sessions and funnels, and corrections of what buckets hold.
#pragma once

#include "reader.hpp"

namespace calytics::glue {

// What is pending: events, and the sessions and funnels that they change.
void add_pending(Reader& reader);

// Takes back the steps of funnels taken after the moments at which spans are looked at.
void add_ahead(Reader& reader, TimestampTz tracked_until);

// What lies in parts of hours, or in ranges that the ends of spans moved through.
struct Cuts {
  Reader* reader;
  std::span<const Correction> corrections;
  bool whole;  // ranges, not parts of the corrections' hours
};
void add_tracked_cuts(Cuts cuts);

}  // namespace calytics::glue
