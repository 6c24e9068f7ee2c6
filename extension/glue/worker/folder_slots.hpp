// What launcher, folders and everyone else share about folders: a slot in shared memory for every
// database that has one or is to have one.
//
// A slot's phase says whose turn it is: wanted (the launcher is to start a worker), starting (the
// worker is to report), running. Only the launcher starts workers, and every start is a new
// generation, so that a worker that comes late knows that it is no longer meant. Whoever must have
// a database for itself bars it: its worker ends, and none is started until the bar is lifted.
#pragma once

#include "glue/pg/pg.hpp"

extern "C" {
#include "storage/condition_variable.h"
#include "storage/latch.h"
#include "utils/wait_event.h"
}

#include <array>
#include <atomic>

namespace calytics::glue {

enum class FolderPhase : std::uint8_t { wanted, starting, running };

struct FolderSlot {
  // Read and written by anyone at any time. InvalidOid is a free slot; `waiting` is how many rows
  // were committed since the last run began; metrics are being read until then, as far as is known;
  // the latch is the worker's; health was last looked at then, by it or in its stead.
  std::atomic<Oid> database;
  std::atomic<std::int64_t> waiting;
  std::atomic<TimestampTz> read_until;
  std::atomic<Latch*> latch;
  std::atomic<TimestampTz> looked_at;

  // Under the lock.
  FolderPhase phase;
  std::uint32_t generation;
  int bars;
  pid_t pid;
  TimestampTz start_after;
  TimestampTz started_at;
  TimestampTz run_at;
  TimestampTz error_at;
  std::int64_t runs;
  std::int64_t errors;
  std::array<char, 256> error;
};

struct FolderSlots {
  LWLock* lock;
  ConditionVariable worker_left;
  std::atomic<Latch*> launcher;
  std::array<FolderSlot, 256> slots;
};

// nullptr where calytics is not preloaded.
extern FolderSlots* folder_slots;

// To be called while the server preloads the library.
void request_folder_slots();

// A database's slot, or nullptr; under the lock, or for a look that may be late.
FolderSlot* find_slot(Oid database);

// A database's slot, in phase wanted if it is new; nullptr if all are taken. Under the lock.
FolderSlot* find_or_add_slot(Oid database);

// Under the lock.
void free_slot(FolderSlot& slot);

// Says that there is work in a database, so many rows: wakes its worker, or the launcher where it
// has none, unless it knows. Never raises.
void wake_folder(Oid database, std::int64_t rows);

// Says that metrics of this session's database are being read for so long, and its folder folds
// more often meanwhile; who reads once is likely to go on for a moment. Cheap, and of no effect
// where there is no folder, as on a standby. Never raises.
void expect_reading(int ms = 2000);

// Ends a database's worker, waits for that, and keeps it away until the bar is lifted.
// Interruptible.
void bar_folder(Oid database);
void lift_bar(Oid database);

void wake_launcher();

}  // namespace calytics::glue
