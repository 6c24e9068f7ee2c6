#include "glue/sums/visitor_memo.hpp"

extern "C" {
#include "utils/memutils.h"
}

#include <algorithm>
#include <array>

#include "glue/facts/track_rows.hpp"

namespace calytics::glue {

namespace {

constexpr std::size_t kMostMemos = 16;
constexpr std::size_t kMostUnits = 400;
constexpr std::int64_t kFarthest = core::kHour / 2;

std::array<VisitorMemo, kMostMemos> memos;
std::uint64_t calls = 0;

bool alike(const Asked& a, const Asked& b) {
  return a.source == b.source && a.lo == b.lo && a.open == b.open && a.unit == b.unit &&
         a.total == b.total && a.week_start == b.week_start && a.zone == b.zone && a.hi <= b.hi &&
         b.hi - a.hi <= kFarthest;
}

}  // namespace

void forget(VisitorMemo& memo) {
  MemoryContext memory = memo.memory;
  memo = {};
  MemoryContextDelete(memory);
}

VisitorMemo* memo_of(const Asked& asked, Oid state_table) {
  for (VisitorMemo& memo : memos) {
    if (memo.memory == nullptr) continue;
    if (!memo.whole) {
      forget(memo);
    } else if (memo.state_table == state_table && alike(memo.asked, asked)) {
      return &memo;
    }
  }
  return nullptr;
}

void settle_memo(VisitorMemo& memo, TimestampTz hi, std::int64_t run) {
  memo.asked.hi = hi;
  memo.run = run;
  memo.used = ++calls;
  memo.whole = true;
}

void remember_sketches(const Asked& asked, Oid state_table, std::int64_t run,
                       const List<Sketch>& sketches) {
  static MemoryContext all = nullptr;
  if (sketches.size > kMostUnits) return;
  if (all == nullptr) {
    all =
        AllocSetContextCreate(CacheMemoryContext, "calytics visitors", ALLOCSET_START_SMALL_SIZES);
  }
  VisitorMemo& memo = *std::ranges::min_element(memos, {}, &VisitorMemo::used);
  if (memo.memory != nullptr) forget(memo);
  MemoryContextSetParent(sketches.memory, all);
  memo = {sketches.memory, state_table, run, asked, sketches, ++calls, true};
  MemoryContext beside =
      AllocSetContextCreate(sketches.memory, "calytics visits", ALLOCSET_START_SMALL_SIZES);
  memo.visits = {beside};
  memo.asked.zone = kept_text(text_datum(asked.zone), false, sketches.memory);
}

}  // namespace calytics::glue
