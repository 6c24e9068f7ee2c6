// What sums of what is tracked are made of besides buckets (collect_tracked.cpp): events that are
// not folded and what became of their sessions and funnels, and corrections of what buckets hold.
#pragma once

#include "glue/sums/reader.hpp"

namespace calytics::glue {

// What is pending: events, and the sessions and funnels that they change.
void add_pending(Reader& reader);

// Corrects whole hours by what lies in the parts of them that the ends of spans cut off.
void add_tracked_cuts(Reader& reader, std::span<const Correction> corrections);

// What buckets hold of ranges of time: number, basis, from and to. Gives basis, time, service,
// host, counts, weight and the number.
void read_tracked(const Reader& reader, const Parameters<4>& ranges, RowSink sink, void* context);

// Adds to a span, unless a filter keeps it out.
void add_tracked(Reader& reader, const Span& span, TimestampTz at, const core::CubeKey& key,
                 std::string_view counts, std::int64_t weight);

}  // namespace calytics::glue
