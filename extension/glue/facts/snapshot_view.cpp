#include "glue/facts/snapshot_view.hpp"

extern "C" {
#include "utils/memutils.h"
#include "utils/snapmgr.h"
}

#include <algorithm>

namespace calytics::glue {

namespace {

std::span<const TransactionId> copy_of(std::span<const TransactionId> ids, MemoryContext memory) {
  auto* copy = static_cast<TransactionId*>(
      MemoryContextAlloc(memory, sizeof(TransactionId) * (ids.size() + 1)));
  std::ranges::copy(ids, copy);
  return {copy, ids.size()};
}

}  // namespace

bool SnapshotView::operator==(const SnapshotView& other) const {
  return xmin == other.xmin && xmax == other.xmax && in_recovery == other.in_recovery &&
         overflowed == other.overflowed && std::ranges::equal(running, other.running) &&
         std::ranges::equal(running_parts, other.running_parts);
}

SnapshotView active_view() {
  Snapshot snapshot = GetActiveSnapshot();
  return {snapshot->xmin,
          snapshot->xmax,
          snapshot->takenDuringRecovery,
          snapshot->suboverflowed,
          {snapshot->xip, snapshot->xcnt},
          {snapshot->subxip, static_cast<std::size_t>(std::max(snapshot->subxcnt, 0))}};
}

SnapshotView copy_of(const SnapshotView& view, MemoryContext memory) {
  SnapshotView copy = view;
  copy.running = copy_of(view.running, memory);
  copy.running_parts = copy_of(view.running_parts, memory);
  return copy;
}

}  // namespace calytics::glue
