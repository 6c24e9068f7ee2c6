#include "glue/pg/pg.hpp"

#include "glue/worker/folder_slots.hpp"

#include <csignal>
#include <new>

#include "glue/pg/shared_memory.hpp"
#include "glue/worker/fold_schedule.hpp"

namespace calytics::glue {

FolderSlots* folder_slots = nullptr;

namespace {

constexpr const char* name = "calytics folders";

void attach(void* memory, bool there) {
  folder_slots = there ? static_cast<FolderSlots*>(memory) : new (memory) FolderSlots{};
  if (there) return;
  folder_slots->lock = &GetNamedLWLockTranche(name)->lock;
  ConditionVariableInit(&folder_slots->worker_left);
}

FolderSlot* find(Oid database) {
  for (FolderSlot& slot : folder_slots->slots) {
    if (slot.database == database) return &slot;
  }
  return nullptr;
}

// As find, remembered. One that changes hands meanwhile costs its new holder a run for nothing.
FolderSlot* known_slot(Oid database) {
  static FolderSlot* slot = nullptr;
  if (slot == nullptr || slot->database != database) slot = find_slot(database);
  return slot;
}

void wake(const FolderSlot& slot) {
  if (Latch* latch = slot.latch) {
    SetLatch(latch);
  } else {
    wake_launcher();
  }
}

}  // namespace

void request_folder_slots() {
  share_memory({name, sizeof(FolderSlots), 1, attach});
}

FolderSlot* find_slot(Oid database) {
  return OidIsValid(database) ? find(database) : nullptr;
}

FolderSlot* find_or_add_slot(Oid database) {
  if (FolderSlot* slot = find(database)) return slot;
  FolderSlot* slot = find(InvalidOid);
  if (slot == nullptr) return nullptr;
  const std::uint32_t generation = slot->generation;
  new (slot) FolderSlot{};
  slot->generation = generation;
  slot->database = database;
  return slot;
}

void free_slot(FolderSlot& slot) {
  slot.latch = nullptr;
  slot.pid = 0;
  slot.database = InvalidOid;
}

void wake_launcher() {
  if (Latch* latch = folder_slots->launcher) SetLatch(latch);
}

void wake_folder(Oid database, std::int64_t rows) {
  FolderSlot* slot = known_slot(database);
  if (slot == nullptr) {
    LWLockAcquire(folder_slots->lock, LW_EXCLUSIVE);
    slot = find_or_add_slot(database);
    LWLockRelease(folder_slots->lock);
    if (slot == nullptr) return;
  }
  const std::int64_t before = slot->waiting.fetch_add(rows);
  const std::int64_t much = FoldDemand::much;
  if (before == 0 || (before < much && before + rows >= much)) wake(*slot);
}

void expect_reading(int ms) {
  FolderSlot* slot = folder_slots == nullptr ? nullptr : known_slot(MyDatabaseId);
  if (slot == nullptr) return;
  const TimestampTz now = GetCurrentTimestamp();
  const TimestampTz until = TimestampTzPlusMilliseconds(now, ms);
  TimestampTz known = slot->read_until;
  while (known < until && !slot->read_until.compare_exchange_weak(known, until)) {
  }
  // It may be waiting for a second to end.
  if (known <= now && slot->waiting > 0) wake(*slot);
}

void bar_folder(Oid database) {
  constexpr long patience_ms = 10'000;
  LWLockAcquire(folder_slots->lock, LW_EXCLUSIVE);
  FolderSlot* slot = find_or_add_slot(database);
  if (slot != nullptr) {
    ++slot->bars;
    if (slot->pid != 0) kill(slot->pid, SIGTERM);
  }
  LWLockRelease(folder_slots->lock);
  if (slot == nullptr) return;

  // The bar keeps the slot from being freed. One that is starting will report, and see the bar.
  ConditionVariablePrepareToSleep(&folder_slots->worker_left);
  for (;;) {
    LWLockAcquire(folder_slots->lock, LW_SHARED);
    const bool gone = slot->phase == FolderPhase::wanted;
    LWLockRelease(folder_slots->lock);
    if (gone ||
        ConditionVariableTimedSleep(&folder_slots->worker_left, patience_ms, PG_WAIT_EXTENSION)) {
      break;
    }
  }
  ConditionVariableCancelSleep();
}

void lift_bar(Oid database) {
  LWLockAcquire(folder_slots->lock, LW_EXCLUSIVE);
  if (FolderSlot* slot = find_slot(database)) {
    if (slot->bars > 0) --slot->bars;
  }
  LWLockRelease(folder_slots->lock);
  wake_launcher();
}

}  // namespace calytics::glue
