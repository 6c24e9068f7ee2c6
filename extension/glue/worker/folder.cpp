// The folder: the background worker that runs calytics.fold in one database whenever there is work,
// and calytics.sample_health now and then.
//
// It is the only one that folds on its own, runs at most once an interval, and sleeps while nothing
// is committed. An error in a run is logged and the run tried again, ever more seldom; it never
// takes the worker or the server down. Metrics are exact without it, only slower to read.

#include "glue/pg/pg.hpp"

#include "glue/worker/folder.hpp"

extern "C" {
#include "access/xact.h"
#include "mb/pg_wchar.h"
#include "pgstat.h"
#include "postmaster/bgworker.h"
#include "postmaster/interrupt.h"
#include "tcop/tcopprot.h"
#include "utils/memutils.h"
}

#include <algorithm>

#include "glue/pg/settings.hpp"
#include "glue/worker/fold_schedule.hpp"
#include "glue/worker/folder_slots.hpp"
#include "glue/worker/health_watch.hpp"
#include "glue/worker/worker_call.hpp"

extern "C" PGDLLEXPORT void calytics_folder_main(Datum argument);

namespace {

using calytics::glue::folder_slots;
using calytics::glue::FolderPhase;
using calytics::glue::FolderSlot;
using calytics::glue::FolderStart;
using calytics::glue::FoldSchedule;
using calytics::glue::look_due_at;

FolderStart start;
FolderSlot* slot = nullptr;
bool extension_is_gone = false;
TimestampTz summarized_at = 0;
// While true, SIGTERM interrupts what is under way; otherwise the loop looks at it.
volatile sig_atomic_t at_work = 1;

void terminate(SIGNAL_ARGS) {
  if (at_work != 0) {
    die(postgres_signal_arg);
  } else {
    SignalHandlerForShutdownRequest(postgres_signal_arg);
  }
}

// Registered before the connection, so that it runs when the connection is no more: whoever waits
// for the database to be free of us finds it so.
void leave_slot(int, Datum) {
  LWLockAcquire(folder_slots->lock, LW_EXCLUSIVE);
  slot->latch = nullptr;
  slot->pid = 0;
  slot->phase = FolderPhase::wanted;
  const int rest_ms = at_work != 0 && slot->bars == 0 ? 5000 : 0;
  slot->start_after = TimestampTzPlusMilliseconds(GetCurrentTimestamp(), rest_ms);
  if (extension_is_gone && slot->bars == 0) calytics::glue::free_slot(*slot);
  LWLockRelease(folder_slots->lock);
  ConditionVariableBroadcast(&folder_slots->worker_left);
  calytics::glue::wake_launcher();
}

// False if we are not meant any more, or not wanted just now.
bool report_to_slot() {
  slot = &folder_slots->slots[start.slot];
  LWLockAcquire(folder_slots->lock, LW_EXCLUSIVE);
  const bool meant = slot->phase == FolderPhase::starting && slot->generation == start.generation &&
                     slot->database == start.database;
  const bool runs = meant && slot->bars == 0;
  if (runs) {
    slot->phase = FolderPhase::running;
    slot->pid = MyProcPid;
    slot->latch = MyLatch;
    slot->started_at = GetCurrentTimestamp();
  } else if (meant) {
    slot->phase = FolderPhase::wanted;
  }
  LWLockRelease(folder_slots->lock);
  if (runs) {
    on_shmem_exit(leave_slot, Datum{0});
  } else if (meant) {
    ConditionVariableBroadcast(&folder_slots->worker_left);
    calytics::glue::wake_launcher();
  }
  return runs;
}

void note_run() {
  LWLockAcquire(folder_slots->lock, LW_EXCLUSIVE);
  slot->run_at = GetCurrentTimestamp();
  ++slot->runs;
  LWLockRelease(folder_slots->lock);
}

void note_error(const char* message) {
  LWLockAcquire(folder_slots->lock, LW_EXCLUSIVE);
  slot->error_at = GetCurrentTimestamp();
  ++slot->errors;
  const int room = static_cast<int>(slot->error.size()) - 1;
  const int length = pg_mbcliplen(message, static_cast<int>(strlen(message)), room);
  memcpy(slot->error.data(), message, static_cast<std::size_t>(length));
  slot->error[static_cast<std::size_t>(length)] = '\0';
  LWLockRelease(folder_slots->lock);
}

// As call(), but an error is logged and noted, and false.
bool try_to_call(const char* statement, std::int64_t& answer) {
  volatile bool done = false;
  at_work = 1;
  PG_TRY();
  {
    answer = calytics::glue::call(statement);
    done = true;
  }
  PG_CATCH();
  {
    HOLD_INTERRUPTS();
    EmitErrorReport();
    MemoryContextSwitchTo(TopMemoryContext);
    ErrorData* error = CopyErrorData();
    FlushErrorState();
    AbortCurrentTransaction();
    note_error(error->message != nullptr ? error->message : "");
    FreeErrorData(error);
    pgstat_report_activity(STATE_IDLE, nullptr);
    debug_query_string = nullptr;
    RESUME_INTERRUPTS();
  }
  PG_END_TRY();
  at_work = 0;
  MemoryContextSwitchTo(TopMemoryContext);
  return done;
}

void run(FoldSchedule& schedule) {
  // Before the snapshot: what is committed from here on asks anew.
  const bool asked = slot->waiting.exchange(0) > 0;
  const bool merge = schedule.merges(GetCurrentTimestamp());
  std::int64_t left = 0;
  const char* statement =
      merge ? "select calytics.fold(merge => true)" : "select calytics.fold(merge => false)";
  if (!try_to_call(statement, left)) {
    schedule.failed(GetCurrentTimestamp());
    return;
  }
  extension_is_gone = left < 0;
  note_run();
  const TimestampTz now = GetCurrentTimestamp();
  constexpr std::int64_t some_stayed = 2;
  schedule.ran(now, merge, left % some_stayed);
  // A writer asks for a run when all see its rows, a moment before they count as complete.
  if (asked && left >= some_stayed) ++slot->waiting;
  constexpr int between_summaries_ms = 1000;
  if (extension_is_gone || !TimestampDifferenceExceeds(summarized_at, now, between_summaries_ms))
    return;
  summarized_at = now;
  std::int64_t ranges = 0;
  if (try_to_call("select calytics.summarize_events()", ranges)) extension_is_gone = ranges < 0;
}

void look() {
  std::int64_t alerts = 0;
  if (try_to_call(calytics::glue::sample_health, alerts)) extension_is_gone = alerts < 0;
  slot->looked_at = GetCurrentTimestamp();
}

void sleep_until(TimestampTz at) {
  const long wait = TimestampDifferenceMilliseconds(GetCurrentTimestamp(), at);
  if (wait > 0) {
    WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH, wait, PG_WAIT_EXTENSION);
  }
}

}  // namespace

void calytics_folder_main(Datum) {
  memcpy(&start, MyBgworkerEntry->bgw_extra, sizeof start);
  pqsignal(SIGHUP, SignalHandlerForConfigReload);
  pqsignal(SIGTERM, terminate);
  if (!report_to_slot()) return;
  BackgroundWorkerUnblockSignals();
  BackgroundWorkerInitializeConnectionByOid(start.database, InvalidOid, 0);
  calytics::glue::settle_in("calytics folder");
  at_work = 0;

  FoldSchedule schedule;
  for (;;) {
    ResetLatch(MyLatch);
    CHECK_FOR_INTERRUPTS();
    if (ConfigReloadPending) {
      ConfigReloadPending = false;
      ProcessConfigFile(PGC_SIGHUP);
    }
    if (ShutdownRequestPending || extension_is_gone || !calytics::glue::fold_worker()) return;
    const TimestampTz now = GetCurrentTimestamp();
    const TimestampTz next = schedule.next({slot->waiting, slot->read_until}, now);
    if (next <= now) {
      run(schedule);
      if (extension_is_gone) return;
    }
    // Also after a run that failed or took long: how folding fares is part of it.
    if (look_due_at(*slot) <= now) {
      look();
    } else if (next > now) {
      sleep_until(std::min(next, look_due_at(*slot)));
    }
  }
}
