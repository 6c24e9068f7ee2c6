// calytics.wake_folder(): whoever appends rows for the folder says so here. The folder is told at
// commit, when it can see them, and not at all if the transaction aborts. A wake-up may be lost
// with a prepared transaction or in a crash; a folder therefore looks by itself once in a while.

#include "glue/pg/pg.hpp"

#include "glue/worker/wake.hpp"

extern "C" {
#include "access/xact.h"
}

#include "glue/worker/folder_slots.hpp"

CALYTICS_SQL_FUNCTION(calytics_wake_folder);

namespace {

// The session's own database, and another one that this transaction has made.
bool own_waits = false;
Oid other_waits = InvalidOid;

void wake_at_end(XactEvent event, void*) {
  if (event == XACT_EVENT_COMMIT) {
    if (own_waits) calytics::glue::wake_folder(MyDatabaseId);
    if (OidIsValid(other_waits)) calytics::glue::wake_folder(other_waits);
  }
  if (event == XACT_EVENT_COMMIT || event == XACT_EVENT_ABORT || event == XACT_EVENT_PREPARE) {
    own_waits = false;
    other_waits = InvalidOid;
  }
}

}  // namespace

void calytics::glue::wake_folder_at_commit(Oid database) {
  static bool listening = false;
  if (folder_slots == nullptr) return;
  if (!listening) {
    RegisterXactCallback(wake_at_end, nullptr);
    listening = true;
  }
  if (database == MyDatabaseId) {
    own_waits = true;
  } else {
    other_waits = database;
  }
}

Datum calytics_wake_folder(PG_FUNCTION_ARGS) {
  (void)fcinfo;
  calytics::glue::wake_folder_at_commit(MyDatabaseId);
  PG_RETURN_VOID();
}
