// What a session remembers of the sums it has read. A question asked again, at the same moment or
// soon after it, is answered by what it was answered before and by what changed since: the facts
// that the folder logged, or what it added to the hours of what is tracked, and what the moved ends
// of spans have come to count otherwise.
//
// Guarantees: a memo is what its run of the folder says, in any snapshot that sees that run as the
// last one; transactions that have written anything neither ask memos nor make any, for they may be
// undone. A memo that an error found half-changed is never asked again. There are few memos, and
// none is large.
#pragma once

#include "glue/sums/reader.hpp"

namespace calytics::glue {

class TrackedAhead;

struct Memo {
  MemoryContext memory = nullptr;  // nullptr: no memo
  Oid state_table = InvalidOid;
  std::int64_t run = 0;
  Collector* sums = nullptr;
  Size first_size = 0;
  std::uint64_t asked = 0;  // when, in calls
  bool whole = false;
  Quiet quiet = {};
  // What is remembered ahead of the ends of tracked spans, in a context that comes and goes.
  MemoryContext beside = nullptr;
  TrackedAhead* ahead = nullptr;
};

// Whether sums that this transaction reads may be remembered.
bool may_remember(const Question& question);

// The memo of that question, its moments apart; nullptr if there is none.
Memo* memo_of(const Question& question, Oid state_table);

// From here on an error makes it useless, until it is settled.
inline void open_memo(Memo& memo) {
  memo.whole = false;
}
void settle_memo(Memo& memo, std::int64_t run);
void forget(Memo& memo);

// Remembers sums, all of whose memory is in that context, which is the memo's from now on.
void remember_sums(const Reader& reader, MemoryContext memory);

}  // namespace calytics::glue
