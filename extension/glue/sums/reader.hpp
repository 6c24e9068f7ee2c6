// What the parts of calytics.collect share: the call's reader.
#pragma once

#include <array>

#include "glue/pg/parameters.hpp"
#include "glue/sums/collect.hpp"

namespace calytics::glue {

// One call of calytics.collect.
struct Reader {
  std::int32_t source;
  Collector* sums;
  // Where what is pending begins.
  std::int64_t segment = 0;
  std::int64_t recent_run = 0;
  bool marks = false;
  TimestampTz since = 0;  // no pending event was received before
  // The folder's last run, as the snapshot sees it, and the table that tells of it.
  std::int64_t run = 0;
  Oid state_table = InvalidOid;
  // When the last tracked event happened that buckets know of; the beginning of time if there is
  // none.
  TimestampTz tracked_until = DT_NOBEGIN;
};

// The sources of sums: what is marked and not folded; facts in parts of hours that a span's ends
// cut; facts that had not ended when a span wants them ended; bookings that await a new time, which
// buckets count as cancelled.
void add_changes(Reader& reader);
void add_cuts(Reader& reader);
void add_unfinished(Reader& reader);
void add_awaiting(Reader& reader);

// The caller's source with its rules and where its sums stand; false if there is none.
bool read_settings(Reader& reader, core::Rules& rules, MemoryContext memory);
// Buckets, and what is folded and not merged into them.
void add_buckets(Reader& reader);
void add_deltas(Reader& reader);

// A fact in all spans.
void add_fact(Reader& reader, const core::Fact& fact, std::int64_t weight);
// Ranges of time in which ends of spans move without anything counting otherwise, because no fact
// is told by an instant in them; looked up for a while ahead.
struct Quiet {
  struct Range {
    std::int32_t by;  // what facts are looked up by
    TimestampTz lo;
    TimestampTz hi;
  };
  static constexpr std::size_t most = 24;

  std::array<Range, most> ranges = {};
  std::size_t size = 0;
  std::int64_t reach = core::kHour / 360;
};

// Makes sums of an earlier run those of the reader's; false if nobody knows what happened since.
bool catch_up(Reader& reader, Quiet& quiet, std::int64_t run);
// Makes sums those of spans whose instants are others.
void move_to(Reader& reader, Quiet& quiet, std::span<const Span> spans);

}  // namespace calytics::glue
