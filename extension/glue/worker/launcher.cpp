// The launcher: one background worker for the whole server, connected to no database, that sees to
// it that every database with the extension has a folder. When it starts it tries all databases,
// for only from within can one tell whether the extension is there: a worker that finds none
// leaves, and comes again when CREATE EXTENSION says so. Templates are left alone, for nobody works
// in them.

#include "glue/pg/pg.hpp"

#include "glue/worker/launcher.hpp"

extern "C" {
#include "access/heapam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/pg_database.h"
#include "pgstat.h"
#include "postmaster/bgworker.h"
#include "postmaster/interrupt.h"
#include "tcop/tcopprot.h"
#include "utils/memutils.h"
}

#include <algorithm>

#include "glue/pg/settings.hpp"
#include "glue/worker/folder.hpp"
#include "glue/worker/folder_slots.hpp"
#include "glue/worker/health_watch.hpp"

extern "C" PGDLLEXPORT void calytics_launcher_main(Datum argument);

namespace {

using calytics::glue::folder_slots;
using calytics::glue::FolderPhase;
using calytics::glue::FolderSlot;
using calytics::glue::FolderStart;

constexpr int retry_ms = 5000;
constexpr int longest_wait_ms = 60'000;
// Workers that are only looking whether there is an extension shall not take all slots for workers.
constexpr int most_starting = 3;

// The handles of the workers that this launcher started, by slot.
std::array<BackgroundWorkerHandle*, std::tuple_size_v<decltype(folder_slots->slots)>> handles{};

// Databases that can be connected to, allocated in the current context.
List* connectable_databases() {
  MemoryContext context = CurrentMemoryContext;
  StartTransactionCommand();
  Relation relation = table_open(DatabaseRelationId, AccessShareLock);
  TableScanDesc scan = table_beginscan_catalog(relation, 0, nullptr);
  List* databases = NIL;
  while (HeapTuple tuple = heap_getnext(scan, ForwardScanDirection)) {
    constexpr int32 invalid_limit = -2;  // a database that is half dropped
    auto* database = reinterpret_cast<Form_pg_database>(GETSTRUCT(tuple));
    if (!database->datallowconn || database->datistemplate ||
        database->datconnlimit == invalid_limit) {
      continue;
    }
    MemoryContext previous = MemoryContextSwitchTo(context);
    databases = lappend_oid(databases, database->oid);
    MemoryContextSwitchTo(previous);
  }
  table_endscan(scan);
  table_close(relation, AccessShareLock);
  CommitTransactionCommand();
  MemoryContextSwitchTo(context);
  return databases;
}

bool start_worker(std::size_t index, Oid database, std::uint32_t generation) {
  BackgroundWorker worker{};
  worker.bgw_flags = BGWORKER_SHMEM_ACCESS | BGWORKER_BACKEND_DATABASE_CONNECTION;
  worker.bgw_start_time = BgWorkerStart_RecoveryFinished;
  worker.bgw_restart_time = BGW_NEVER_RESTART;
  worker.bgw_notify_pid = MyProcPid;
  strlcpy(worker.bgw_library_name, "calytics", sizeof worker.bgw_library_name);
  strlcpy(worker.bgw_function_name, "calytics_folder_main", sizeof worker.bgw_function_name);
  strlcpy(worker.bgw_name, "calytics folder", sizeof worker.bgw_name);
  strlcpy(worker.bgw_type, "calytics folder", sizeof worker.bgw_type);
  const FolderStart start{static_cast<std::uint32_t>(index), generation, database};
  static_assert(sizeof start <= sizeof worker.bgw_extra);
  memcpy(worker.bgw_extra, &start, sizeof start);
  return RegisterDynamicBackgroundWorker(&worker, &handles[index]);
}

// Whatever was started and is no more: back to wanted, even if it came to no word of its own.
void bury_the_dead() {
  for (std::size_t i = 0; i < handles.size(); ++i) {
    pid_t pid = 0;
    if (handles[i] == nullptr || GetBackgroundWorkerPid(handles[i], &pid) != BGWH_STOPPED) continue;
    pfree(handles[i]);
    handles[i] = nullptr;
    FolderSlot& slot = folder_slots->slots[i];
    LWLockAcquire(folder_slots->lock, LW_EXCLUSIVE);
    if (OidIsValid(slot.database) && slot.phase == FolderPhase::starting) {
      slot.phase = FolderPhase::wanted;
      slot.start_after = TimestampTzPlusMilliseconds(GetCurrentTimestamp(), retry_ms);
    }
    LWLockRelease(folder_slots->lock);
    ConditionVariableBroadcast(&folder_slots->worker_left);
  }
}

// What a launcher before this one has started, and that has not reported yet, is started anew.
void disown_the_unborn() {
  LWLockAcquire(folder_slots->lock, LW_EXCLUSIVE);
  for (FolderSlot& slot : folder_slots->slots) {
    if (OidIsValid(slot.database) && slot.phase == FolderPhase::starting) {
      slot.phase = FolderPhase::wanted;
      ++slot.generation;
    }
  }
  LWLockRelease(folder_slots->lock);
}

int count_starting() {
  return static_cast<int>(std::ranges::count_if(folder_slots->slots, [](const FolderSlot& slot) {
    return OidIsValid(slot.database) && slot.phase == FolderPhase::starting;
  }));
}

// When a slot's worker is to be started; never, if that is not the launcher's turn.
TimestampTz due_at(const FolderSlot& slot) {
  const bool due = OidIsValid(slot.database) && slot.phase == FolderPhase::wanted && slot.bars == 0;
  return due ? slot.start_after : DT_NOEND;
}

TimestampTz next_due() {
  TimestampTz next = DT_NOEND;
  for (const FolderSlot& slot : folder_slots->slots)
    next = std::min(next, due_at(slot));
  return next;
}

// Starts the slot's worker if it is due, or frees the slot if its database isn't there to be worked
// in.
void start_if_due(std::size_t index, const List* databases, TimestampTz now) {
  FolderSlot& slot = folder_slots->slots[index];
  LWLockAcquire(folder_slots->lock, LW_EXCLUSIVE);
  const Oid database = slot.database;
  bool starts = due_at(slot) <= now && handles[index] == nullptr;
  if (starts && !list_member_oid(databases, database)) {
    calytics::glue::free_slot(slot);
    starts = false;
  }
  if (starts) slot.phase = FolderPhase::starting;
  const std::uint32_t generation = starts ? ++slot.generation : 0;
  LWLockRelease(folder_slots->lock);
  if (!starts || start_worker(index, database, generation)) return;

  LWLockAcquire(folder_slots->lock, LW_EXCLUSIVE);
  slot.phase = FolderPhase::wanted;
  slot.start_after = TimestampTzPlusMilliseconds(now, longest_wait_ms);
  LWLockRelease(folder_slots->lock);
  ConditionVariableBroadcast(&folder_slots->worker_left);
  ereport(WARNING, (errcode(ERRCODE_CONFIGURATION_LIMIT_EXCEEDED),
                    errmsg("no background worker is left to fold in database %u", database),
                    errhint("Raise max_worker_processes and restart the server.")));
}

void start_what_is_due() {
  const TimestampTz now = GetCurrentTimestamp();
  if (next_due() > now) return;
  List* databases = connectable_databases();
  for (std::size_t i = 0; i < handles.size() && count_starting() < most_starting; ++i)
    start_if_due(i, databases, now);
  list_free(databases);
}

// Takes databases of the list into slots, as many as there is room for.
List* want(List* databases) {
  while (databases != NIL) {
    LWLockAcquire(folder_slots->lock, LW_EXCLUSIVE);
    const bool taken = calytics::glue::find_or_add_slot(linitial_oid(databases)) != nullptr;
    LWLockRelease(folder_slots->lock);
    if (!taken) break;
    databases = list_delete_first(databases);
  }
  return databases;
}

void leave_launching(int, Datum) {
  folder_slots->launcher = nullptr;
}

}  // namespace

void calytics::glue::register_launcher() {
  // A server that pg_upgrade has started holds still.
  if (IsBinaryUpgrade) return;
  BackgroundWorker worker{};
  worker.bgw_flags = BGWORKER_SHMEM_ACCESS | BGWORKER_BACKEND_DATABASE_CONNECTION;
  worker.bgw_start_time = BgWorkerStart_RecoveryFinished;
  worker.bgw_restart_time = retry_ms / 1000;
  strlcpy(worker.bgw_library_name, "calytics", sizeof worker.bgw_library_name);
  strlcpy(worker.bgw_function_name, "calytics_launcher_main", sizeof worker.bgw_function_name);
  strlcpy(worker.bgw_name, "calytics launcher", sizeof worker.bgw_name);
  strlcpy(worker.bgw_type, "calytics launcher", sizeof worker.bgw_type);
  RegisterBackgroundWorker(&worker);
}

void calytics_launcher_main(Datum) {
  pqsignal(SIGHUP, SignalHandlerForConfigReload);
  pqsignal(SIGTERM, SignalHandlerForShutdownRequest);
  BackgroundWorkerUnblockSignals();
  BackgroundWorkerInitializeConnection(nullptr, nullptr, 0);
  MemoryContextSwitchTo(TopMemoryContext);

  folder_slots->launcher = MyLatch;
  on_shmem_exit(leave_launching, Datum{0});
  disown_the_unborn();
  List* untried = connectable_databases();
  for (;;) {
    ResetLatch(MyLatch);
    CHECK_FOR_INTERRUPTS();
    // With a status other than 0 the server starts it again, unless the server itself is ending.
    if (ShutdownRequestPending) proc_exit(1);
    if (ConfigReloadPending) {
      ConfigReloadPending = false;
      ProcessConfigFile(PGC_SIGHUP);
    }
    bury_the_dead();
    long wait = longest_wait_ms;
    if (calytics::glue::fold_worker()) {
      untried = want(untried);
      start_what_is_due();
      // What is due still, waits for another that is starting or leaving; of that we are told.
      const TimestampTz next = std::min(next_due(), calytics::glue::start_overdue_looks());
      const TimestampTz now = GetCurrentTimestamp();
      if (next > now) {
        wait = std::min(wait, TimestampDifferenceMilliseconds(now, next) + 1);
      }
    }
    WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH, wait, PG_WAIT_EXTENSION);
  }
}
