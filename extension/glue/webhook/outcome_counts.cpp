// Counters that only grow while the server runs, as monitoring wants them: counting rows instead
// would cost more the more there is, and rows change (a replay turns "quarantined" into "applied").
// A source's counters are found by open addressing and never given back; sources that find no room
// are not counted. All begin at 0 when shared memory is made, which `since` tells.

#include "glue/pg/pg.hpp"

#include "glue/webhook/outcome_counts.hpp"

extern "C" {
#include "access/xact.h"
#include "common/hashfn.h"
}

#include <algorithm>
#include <array>
#include <atomic>
#include <functional>
#include <new>
#include <utility>

#include "glue/pg/shared_memory.hpp"

CALYTICS_SQL_FUNCTION(calytics_outcome_counts);
CALYTICS_SQL_FUNCTION(calytics_counted_since);

namespace {

constexpr std::array<std::string_view, 11> kOutcomes = {
    "applied",         "unchanged",     "duplicate",     "ping",
    "stored",          "quarantined",   "unauthorized",  "event_accepted",
    "event_duplicate", "event_private", "event_rejected"};

using Counts = std::array<std::int64_t, kOutcomes.size()>;

struct Slot {
  std::atomic<std::uint64_t> key;  // 0: free
  std::array<std::atomic<std::int64_t>, kOutcomes.size()> counts;
};

constexpr std::size_t kSlots = 1024;
constexpr std::size_t kProbes = 32;

struct Counters {
  TimestampTz since;
  std::array<Slot, kSlots> slots;
};

// What the transaction under way has to count when it commits, unless the subtransaction is undone.
struct Pending {
  std::int32_t source;
  SubTransactionId within;
  Counts counts;
};

constexpr std::size_t kMostPending = 16;
std::array<Pending, kMostPending> pending;
std::size_t pending_count = 0;

Counters* counters = nullptr;

void attach(void* memory, bool there) {
  counters = there ? static_cast<Counters*>(memory) : new (memory) Counters{};
  if (!there) counters->since = GetCurrentTimestamp();
}

std::uint64_t key_of(std::int32_t source) {
  return std::uint64_t{MyDatabaseId} << 32 | static_cast<std::uint32_t>(source);
}

// The counters of a source of this database, taken if they are new; nullptr if there is no room.
Slot* slot_of(std::int32_t source) {
  const std::uint64_t key = key_of(source);
  const std::uint64_t hash =
      hash_bytes_extended(reinterpret_cast<const unsigned char*>(&key), sizeof key, 0);
  for (std::size_t i = 0; i < kProbes; ++i) {
    Slot& slot = counters->slots[(hash + i) % kSlots];
    std::uint64_t held = slot.key.load();
    if (held == key) return &slot;
    if (held == 0 && (slot.key.compare_exchange_strong(held, key) || held == key)) return &slot;
  }
  return nullptr;
}

void add(const Pending& counted) {
  Slot* slot = slot_of(counted.source);
  if (slot == nullptr) return;
  for (std::size_t i = 0; i < counted.counts.size(); ++i) {
    if (counted.counts[i] != 0) slot->counts[i].fetch_add(counted.counts[i]);
  }
}

void count_at_end(XactEvent event, void*) {
  if (event != XACT_EVENT_COMMIT && event != XACT_EVENT_PREPARE && event != XACT_EVENT_ABORT)
    return;
  if (event != XACT_EVENT_ABORT) {
    for (std::size_t i = 0; i < pending_count; ++i)
      add(pending[i]);
  }
  pending_count = 0;
}

Pending& pending_of(std::int32_t source, SubTransactionId within) {
  for (std::size_t i = 0; i < pending_count; ++i) {
    if (pending[i].source == source && pending[i].within == within) return pending[i];
  }
  // More than one transaction ever has to do with: the first ones are counted at once.
  if (pending_count == kMostPending) {
    add(pending[0]);
    pending[0] = pending[--pending_count];
  }
  pending[pending_count] = {.source = source, .within = within, .counts = {}};
  return pending[pending_count++];
}

// Subtransactions are numbered as they begin: of those that began after one that ends, all are in
// it.
void settle_subtransaction(SubXactEvent event, SubTransactionId ending, SubTransactionId parent,
                           void*) {
  if (event != SUBXACT_EVENT_ABORT_SUB && event != SUBXACT_EVENT_COMMIT_SUB) return;
  const std::size_t count = std::exchange(pending_count, 0);
  for (std::size_t i = 0; i < count; ++i) {
    const Pending counted = pending[i];
    if (counted.within < ending) {
      pending[pending_count++] = counted;
    } else if (event == SUBXACT_EVENT_COMMIT_SUB) {
      Counts& counts = pending_of(counted.source, parent).counts;
      std::ranges::transform(counts, counted.counts, counts.begin(), std::plus{});
    }
  }
}

std::size_t index_of(std::string_view outcome) {
  for (std::size_t i = 0; i < kOutcomes.size(); ++i) {
    if (outcome == kOutcomes[i]) return i;
  }
  ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                  errmsg("\"%.*s\" is not an outcome that is counted",
                         static_cast<int>(outcome.size()), outcome.data())));
}

}  // namespace

void calytics::glue::request_outcome_counters() {
  share_memory({"calytics outcomes", sizeof(Counters), 0, attach});
}

void calytics::glue::count_outcome(std::int32_t source, std::string_view outcome,
                                   std::int64_t times) {
  static bool listening = false;
  const std::size_t index = index_of(outcome);
  if (counters == nullptr || times <= 0) return;
  if (!listening) {
    RegisterXactCallback(count_at_end, nullptr);
    RegisterSubXactCallback(settle_subtransaction, nullptr);
    listening = true;
  }
  pending_of(source, GetCurrentSubTransactionId()).counts[index] += times;
}

Datum calytics_outcome_counts(PG_FUNCTION_ARGS) {
  InitMaterializedSRF(fcinfo, 0);
  if (counters == nullptr) return Datum{0};
  auto* result = reinterpret_cast<ReturnSetInfo*>(fcinfo->resultinfo);
  for (const Slot& slot : counters->slots) {
    const std::uint64_t key = slot.key.load();
    if (key == 0 || key >> 32 != MyDatabaseId) continue;
    for (std::size_t i = 0; i < kOutcomes.size(); ++i) {
      const std::int64_t count = slot.counts[i].load();
      if (count == 0) continue;
      std::array<Datum, 3> values = {Int32GetDatum(static_cast<std::int32_t>(key)),
                                     calytics::glue::text_datum(kOutcomes[i]),
                                     Int64GetDatum(count)};
      std::array<bool, 3> nulls = {};
      tuplestore_putvalues(result->setResult, result->setDesc, values.data(), nulls.data());
    }
  }
  return Datum{0};
}

Datum calytics_counted_since(PG_FUNCTION_ARGS) {
  (void)fcinfo;
  if (counters == nullptr) PG_RETURN_NULL();
  PG_RETURN_TIMESTAMPTZ(counters->since);
}
