#include "glue/sums/memo.hpp"

extern "C" {
#include "utils/memutils.h"
}

#include <algorithm>
#include <new>

#include "glue/facts/pending_events.hpp"
#include "glue/facts/zone.hpp"

namespace calytics::glue {

namespace {

constexpr std::size_t kMostMemos = 32;
constexpr Size kLargest = 2 * 1024 * 1024;
constexpr Size kGrowth = 64 * 1024;
// Sums of further moments than this are read anew about as fast as moved to.
constexpr std::int64_t kFarthest = core::kHour / 2;

std::array<Memo, kMostMemos> memos;
std::uint64_t calls = 0;

bool near(TimestampTz a, TimestampTz b) {
  return a == b || (!TIMESTAMP_NOT_FINITE(a) && !TIMESTAMP_NOT_FINITE(b) && b - a <= kFarthest &&
                    a - b <= kFarthest);
}

// Of other bases facts, or events, tell what moves into a span and out of it.
bool is_told_by_buckets(core::Basis basis) {
  return basis == core::Basis::cohort;
}

bool alike(const Span& a, const Span& b) {
  if (a.basis != b.basis || a.unit != b.unit || a.cells != b.cells ||
      a.split.service != b.split.service || a.split.host != b.split.host || a.role != b.role ||
      a.basis_name != b.basis_name || a.window != b.window || a.open != b.open) {
    return false;
  }
  if (is_told_by_buckets(a.basis) && (a.lo != b.lo || a.hi != b.hi)) return false;
  return near(a.lo, b.lo) && near(a.hi, b.hi) && near(a.ended_by, b.ended_by) &&
         near(a.as_of, b.as_of);
}

bool alike(const Filter& a, const Filter& b) {
  if (a.absent != b.absent || a.size != b.size) return false;
  for (int i = 0; i < a.size; ++i) {
    if (text_of(a.keys[i]) != text_of(b.keys[i])) return false;
  }
  return true;
}

bool alike(const core::Rules& a, const core::Rules& b) {
  const auto& zone = *static_cast<const Zone*>(a.zone);
  const auto& other = *static_cast<const Zone*>(b.zone);
  return a.late_notice == b.late_notice && a.lapse_after == b.lapse_after &&
         a.rebook_within == b.rebook_within && a.convert_within == b.convert_within &&
         a.week_start == b.week_start && zone.zone == other.zone && zone.fixed == other.fixed &&
         zone.offset == other.offset && bytes_of(zone.name) == bytes_of(other.name);
}

bool alike(const Question& a, const Question& b) {
  if (a.source != b.source || a.spans.all.size() != b.spans.all.size() || !alike(a.rules, b.rules))
    return false;
  for (std::size_t i = 0; i < a.spans.all.size(); ++i) {
    if (!alike(a.spans.all[i], b.spans.all[i])) return false;
  }
  return alike(a.services, b.services) && alike(a.hosts, b.hosts);
}

// Copies go to the current memory context.
std::string_view copy_of(std::string_view text) {
  auto* bytes = static_cast<char*>(palloc(text.size() + 1));
  std::copy(text.begin(), text.end(), bytes);
  return {bytes, text.size()};
}

Filter copy_of(const Filter& filter) {
  Filter copy = filter;
  copy.keys = static_cast<Datum*>(palloc(sizeof(Datum) * static_cast<Size>(filter.size + 1)));
  for (int i = 0; i < filter.size; ++i)
    copy.keys[i] = text_datum(text_of(filter.keys[i]));
  return copy;
}

// Without corrections, which only who reads buckets asks for.
Question copy_of(const Question& question) {
  Question copy = question;
  auto* zone = static_cast<Zone*>(palloc(sizeof(Zone)));
  *zone = *static_cast<const Zone*>(question.rules.zone);
  zone->name = DatumGetTextP(text_datum(bytes_of(zone->name)));
  copy.rules.zone = zone;
  const std::span<Span> from = question.spans.all;
  auto* spans = static_cast<Span*>(palloc(sizeof(Span) * (from.size() + 1)));
  copy.spans = {{std::copy(from.begin(), from.end(), spans) - from.size(), from.size()}, {}};
  for (Span& span : copy.spans.all) {
    span.role = copy_of(span.role);
    span.basis_name = copy_of(span.basis_name);
    span.window = copy_of(span.window);
  }
  copy.services = copy_of(question.services);
  copy.hosts = copy_of(question.hosts);
  return copy;
}

// A place for one more, at the cost of the one that was asked for longest ago.
Memo& place() {
  Memo& oldest = *std::ranges::min_element(memos, {}, &Memo::asked);
  if (oldest.memory != nullptr) forget(oldest);
  return oldest;
}

}  // namespace

bool may_remember(const Question& question) {
  return remembers() && !question.spans.all.empty();
}

Memo* memo_of(const Question& question, Oid state_table) {
  for (Memo& memo : memos) {
    if (memo.memory == nullptr) continue;
    if (!memo.whole) {
      forget(memo);
    } else if (memo.state_table == state_table && alike(memo.sums->question(), question)) {
      return &memo;
    }
  }
  return nullptr;
}

void settle_memo(Memo& memo, std::int64_t run) {
  memo.run = run;
  memo.asked = ++calls;
  memo.whole = true;
  // Sums don't give memory back: those that have grown are better read anew.
  const Size beside = memo.beside == nullptr ? 0 : MemoryContextMemAllocated(memo.beside, true);
  const Size size = MemoryContextMemAllocated(memo.memory, true) - beside;
  if (beside > kLargest || size > kLargest || size > 4 * memo.first_size + kGrowth) forget(memo);
}

void forget(Memo& memo) {
  MemoryContext memory = memo.memory;
  memo = {};
  MemoryContextDelete(memory);
}

void remember_sums(const Reader& reader, MemoryContext memory) {
  static MemoryContext all = nullptr;
  const Size size = MemoryContextMemAllocated(memory, true);
  if (size > kLargest) return;
  if (all == nullptr) {
    all = AllocSetContextCreate(CacheMemoryContext, "calytics memos", ALLOCSET_START_SMALL_SIZES);
  }
  MemoryContext before = MemoryContextSwitchTo(memory);
  auto* sums = new (palloc(sizeof(Collector))) Collector(*reader.sums);
  sums->ask(copy_of(reader.sums->question()));
  MemoryContextSwitchTo(before);
  Memo& memo = place();
  MemoryContextSetParent(memory, all);
  memo = {memory, reader.state_table, reader.run, sums, size, ++calls, true};
}

}  // namespace calytics::glue
