// What sessions tell the folder. calytics.wake_folder(): whoever appends rows for it says so here.
// The folder is told at commit, when it can see them, and not at all if the transaction aborts. A
// wake-up may be lost with a prepared transaction or in a crash; a folder therefore looks by itself
// once in a while.

#include "glue/pg/pg.hpp"

#include "glue/worker/wake.hpp"

extern "C" {
#include "access/xact.h"
}

#include "glue/worker/folder_slots.hpp"

CALYTICS_SQL_FUNCTION(calytics_wake_folder);
CALYTICS_SQL_FUNCTION(calytics_expect_reading);

namespace {

// What waits in the session's own database, and another one that this transaction has made.
std::int64_t own_rows = 0;
Oid other_waits = InvalidOid;

void wake_at_end(XactEvent event, void*) {
  if (event == XACT_EVENT_COMMIT) {
    if (own_rows > 0) calytics::glue::wake_folder(MyDatabaseId, own_rows);
    if (OidIsValid(other_waits)) calytics::glue::wake_folder(other_waits, 1);
  }
  if (event == XACT_EVENT_COMMIT || event == XACT_EVENT_ABORT || event == XACT_EVENT_PREPARE) {
    own_rows = 0;
    other_waits = InvalidOid;
  }
}

void listen() {
  static bool listening = false;
  if (listening) return;
  RegisterXactCallback(wake_at_end, nullptr);
  listening = true;
}

}  // namespace

void calytics::glue::wake_folder_at_commit(std::int64_t rows) {
  if (folder_slots == nullptr) return;
  listen();
  own_rows += rows;
}

void calytics::glue::start_folder_at_commit(Oid database) {
  if (folder_slots == nullptr) return;
  listen();
  other_waits = database;
}

Datum calytics_wake_folder(PG_FUNCTION_ARGS) {
  (void)fcinfo;
  calytics::glue::wake_folder_at_commit(1);
  PG_RETURN_VOID();
}

// expect_reading(ms)
Datum calytics_expect_reading(PG_FUNCTION_ARGS) {
  calytics::glue::expect_reading(PG_GETARG_INT32(0));
  PG_RETURN_VOID();
}
