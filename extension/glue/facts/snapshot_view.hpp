// What a snapshot sees, but for what its own transaction wrote: what a session has read, it need
// not read again as long as its snapshots see the same.
#pragma once

#include "glue/pg/pg.hpp"

#include <span>

namespace calytics::glue {

struct SnapshotView {
  TransactionId xmin;
  TransactionId xmax;
  bool in_recovery;
  bool overflowed;
  std::span<const TransactionId> running;
  std::span<const TransactionId> running_parts;  // subtransactions

  bool operator==(const SnapshotView& other) const;
};

// Lives as long as the snapshot; the copy as long as the memory.
SnapshotView active_view();
SnapshotView copy_of(const SnapshotView& view, MemoryContext memory);

}  // namespace calytics::glue
