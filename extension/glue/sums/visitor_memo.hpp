// What a session remembers of the visitors it has counted: united sketches, by unit. The rules are
// those of memo.hpp.
#pragma once

#include "core/time/local_time.hpp"
#include "glue/pg/list.hpp"
#include "glue/sums/look_ahead.hpp"

namespace calytics::glue {

struct Sketch {
  Timestamp unit;
  varlena* bytes;
  std::int64_t visitors;
};

// What is asked for.
struct Asked {
  std::int32_t source = 0;
  TimestampTz lo = 0;
  TimestampTz hi = 0;
  bool open = false;  // nothing that buckets know of happened at hi or later
  core::Unit unit = core::Unit::none;
  bool total = false;
  int week_start = 0;
  std::string_view zone;
};

// An event of a visitor.
struct Visit {
  TimestampTz at;
  pg_uuid_t visitor;
};

struct VisitorMemo {
  MemoryContext memory = nullptr;  // nullptr: no memo
  Oid state_table = InvalidOid;
  std::int64_t run = 0;
  Asked asked;
  List<Sketch> sketches = {};
  std::uint64_t used = 0;  // when, in calls
  bool whole = false;
  // What lies ahead of the end.
  LookAhead known = {};
  List<Visit> visits = {};
};

// The memo of that question, its end apart; nullptr if there is none.
VisitorMemo* memo_of(const Asked& asked, Oid state_table);
// From here on an error makes it useless, until it is settled.
inline void open_memo(VisitorMemo& memo) {
  memo.whole = false;
}
void settle_memo(VisitorMemo& memo, TimestampTz hi, std::int64_t run);
void forget(VisitorMemo& memo);

// Remembers sketches, whose memory is the memo's from now on.
void remember_sketches(const Asked& asked, Oid state_table, std::int64_t run,
                       const List<Sketch>& sketches);

}  // namespace calytics::glue
