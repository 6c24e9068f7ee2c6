// Spans as metrics ask for them, and as rows of calytics.span.
#pragma once

#include "core/metrics/period.hpp"
#include "glue/sums/collect.hpp"

namespace calytics::glue {

// What the spans of one period have in common.
struct SpanKind {
  std::string_view role;
  core::Unit unit;
  core::Split split;
  bool cells;  // with the histograms of those that have any
};

// The spans that metrics of a period are made of, of the wanted windows (core::WindowBit); there is
// room for core::kMostWindows. Returns how many they are.
std::size_t spans_of(const core::Period& period, const core::Rules& rules, const SpanKind& kind,
                     unsigned windows, Span* spans);

// Which local hours lie in a range of time: by that alone, what the folder adds to an hour can be
// added to sums of the range. open: all hours do from its beginning on.
class WholeHours {
 public:
  enum class Part { none, some, all };

  WholeHours(const core::Rules& rules, TimestampTz lo, TimestampTz hi, bool open);
  Part part_of(Timestamp hour) const;

 private:
  Timestamp first_;
  Timestamp last_;
  bool cuts_first_;
  bool cuts_last_;
  bool open_;
};

// calytics.span[].
std::span<Span> spans_argument(FunctionCallInfo fcinfo, int argument);
Datum spans_datum(std::span<const Span> spans, Oid row_type);

}  // namespace calytics::glue
