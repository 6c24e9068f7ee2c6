#include "glue/pg/pg.hpp"

#include "glue/worker/health_watch.hpp"

extern "C" {
#include "pgstat.h"
#include "postmaster/bgworker.h"
#include "tcop/tcopprot.h"
#include "utils/guc.h"
}

#include <algorithm>
#include <array>

#include "glue/pg/settings.hpp"
#include "glue/worker/worker_call.hpp"

extern "C" PGDLLEXPORT void calytics_health_main(Datum database);

namespace calytics::glue {

namespace {

constexpr const char* name = "calytics health";

// The handles of the workers that the launcher started, by slot.
std::array<BackgroundWorkerHandle*, std::tuple_size_v<decltype(folder_slots->slots)>> handles{};

bool is_looking(std::size_t index) {
  pid_t pid = 0;
  if (handles[index] == nullptr) return false;
  if (GetBackgroundWorkerPid(handles[index], &pid) != BGWH_STOPPED) return true;
  pfree(handles[index]);
  handles[index] = nullptr;
  return false;
}

// When a look is overdue; never, if the launcher has nothing to do with it. Under the lock.
TimestampTz overdue_at(const FolderSlot& slot) {
  constexpr int least_ms = 1000;
  const bool folds =
      OidIsValid(slot.database) && slot.phase == FolderPhase::running && slot.bars == 0;
  if (!folds || health_interval() == 0) return DT_NOEND;
  const TimestampTz last = std::max(slot.looked_at.load(), slot.started_at);
  return TimestampTzPlusMilliseconds(
      last, std::int64_t{health_interval()} + std::max(health_interval() / 2, least_ms));
}

void start_worker(std::size_t index, Oid database) {
  BackgroundWorker worker{};
  worker.bgw_flags = BGWORKER_SHMEM_ACCESS | BGWORKER_BACKEND_DATABASE_CONNECTION;
  worker.bgw_start_time = BgWorkerStart_RecoveryFinished;
  worker.bgw_restart_time = BGW_NEVER_RESTART;
  worker.bgw_notify_pid = MyProcPid;
  worker.bgw_main_arg = ObjectIdGetDatum(database);
  strlcpy(worker.bgw_library_name, "calytics", sizeof worker.bgw_library_name);
  strlcpy(worker.bgw_function_name, "calytics_health_main", sizeof worker.bgw_function_name);
  strlcpy(worker.bgw_name, name, sizeof worker.bgw_name);
  strlcpy(worker.bgw_type, name, sizeof worker.bgw_type);
  if (RegisterDynamicBackgroundWorker(&worker, &handles[index])) return;
  ereport(WARNING,
          (errcode(ERRCODE_CONFIGURATION_LIMIT_EXCEEDED),
           errmsg("no background worker is left to look at the health of database %u", database),
           errhint("Raise max_worker_processes and restart the server.")));
}

}  // namespace

TimestampTz look_due_at(const FolderSlot& slot) {
  if (health_interval() == 0) return DT_NOEND;
  return TimestampTzPlusMilliseconds(slot.looked_at.load(), health_interval());
}

TimestampTz start_overdue_looks() {
  TimestampTz next = DT_NOEND;
  for (std::size_t i = 0; i < handles.size(); ++i) {
    // One that is looking wakes the launcher as it leaves.
    if (is_looking(i)) continue;
    FolderSlot& slot = folder_slots->slots[i];
    const TimestampTz now = GetCurrentTimestamp();
    LWLockAcquire(folder_slots->lock, LW_SHARED);
    const Oid database = slot.database;
    const bool overdue = overdue_at(slot) <= now;
    if (overdue) slot.looked_at = now;
    next = std::min(next, overdue_at(slot));
    LWLockRelease(folder_slots->lock);
    if (overdue) start_worker(i, database);
  }
  return next;
}

}  // namespace calytics::glue

void calytics_health_main(Datum database) {
  pqsignal(SIGTERM, die);
  BackgroundWorkerUnblockSignals();
  BackgroundWorkerInitializeConnectionByOid(DatumGetObjectId(database), InvalidOid, 0);
  calytics::glue::settle_in(calytics::glue::name);
  calytics::glue::call(calytics::glue::sample_health);
}
