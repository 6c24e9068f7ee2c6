// Sessions and funnels as the buckets know them. Only runs of the folder change them, so that a
// session remembers those that it has looked up for as long as its snapshots see the same run.
//
// Guarantees: within SPI_connect and SPI_finish; the caller's snapshot. Transactions that have
// written anything look up for themselves.
#pragma once

#include "glue/facts/track_rows.hpp"
#include "glue/pg/list.hpp"

namespace calytics::glue {

// Of some sessions, and perhaps of others besides.
struct KnownFacts {
  List<SessionRow> sessions;  // by id and beginning
  List<FunnelRow> funnels;    // by id and service
  TimestampTz kept_from = core::kNever;
};

void sort(List<SessionRow>& rows);
void sort(List<FunnelRow>& rows);

// The state of the folder that a reader sees; without one, nothing is remembered.
struct FoldRun {
  std::int64_t run = 0;
  Oid state_table = InvalidOid;
};

// ids: sorted, each once. The facts live as long as the memory, or until the next call.
KnownFacts known_facts(std::int32_t source, const FoldRun& run,
                       std::span<const std::string_view> ids, MemoryContext memory);

}  // namespace calytics::glue
