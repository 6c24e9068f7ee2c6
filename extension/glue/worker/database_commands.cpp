// DROP DATABASE, ALTER DATABASE ... RENAME or SET TABLESPACE and CREATE DATABASE ... TEMPLATE fail
// while anyone is connected to the database. A folder is nobody that anyone should have to know of,
// so such a command ends it first, and it stays away until the command's transaction has ended.

#include "glue/pg/pg.hpp"

#include "glue/worker/database_commands.hpp"

extern "C" {
#include "access/xact.h"
#include "commands/dbcommands.h"
#include "commands/defrem.h"
#include "nodes/parsenodes.h"
#include "tcop/utility.h"
#include "utils/memutils.h"
}

#include <algorithm>

#include "glue/worker/folder_slots.hpp"
#include "glue/worker/wake.hpp"

namespace {

ProcessUtility_hook_type previous_hook = nullptr;

// Databases that this transaction has barred; the list lives as long as the transaction.
List* barred = NIL;

void lift_bars_at_end(XactEvent event, void*) {
  if (event != XACT_EVENT_COMMIT && event != XACT_EVENT_ABORT && event != XACT_EVENT_PREPARE)
    return;
  const ListCell* cell = nullptr;
  foreach (cell, barred)
    calytics::glue::lift_bar(lfirst_oid(cell));
  barred = NIL;
}

void bar(Oid database) {
  static bool listening = false;
  if (!OidIsValid(database)) return;
  if (!listening) {
    RegisterXactCallback(lift_bars_at_end, nullptr);
    listening = true;
  }
  MemoryContext previous = MemoryContextSwitchTo(TopTransactionContext);
  barred = lappend_oid(barred, database);
  MemoryContextSwitchTo(previous);
  calytics::glue::bar_folder(database);
}

const DefElem* option_named(const List* options, const char* name) {
  const ListCell* cell = nullptr;
  foreach (cell, options) {
    const DefElem* option = lfirst_node(DefElem, cell);
    if (strcmp(option->defname, name) == 0) return option;
  }
  return nullptr;
}

const char* template_of(const CreatedbStmt* statement) {
  const DefElem* option = option_named(statement->options, "template");
  return option != nullptr && option->arg != nullptr ? defGetString(const_cast<DefElem*>(option))
                                                     : "template1";
}

bool drops_calytics(const DropStmt* statement) {
  if (statement->removeType != OBJECT_EXTENSION) return false;
  const ListCell* cell = nullptr;
  foreach (cell, statement->objects) {
    if (strcmp(strVal(lfirst(cell)), "calytics") == 0) return true;
  }
  return false;
}

Oid named(const char* database) {
  return get_database_oid(database, true);
}

// The database that a command needs for itself, or InvalidOid.
Oid database_needed(const Node* statement) {
  switch (nodeTag(statement)) {
    case T_DropdbStmt:
      return named(reinterpret_cast<const DropdbStmt*>(statement)->dbname);
    case T_CreatedbStmt:
      return named(template_of(reinterpret_cast<const CreatedbStmt*>(statement)));
    case T_RenameStmt: {
      const auto* rename = reinterpret_cast<const RenameStmt*>(statement);
      return rename->renameType == OBJECT_DATABASE ? named(rename->subname) : InvalidOid;
    }
    case T_AlterDatabaseStmt: {
      const auto* alter = reinterpret_cast<const AlterDatabaseStmt*>(statement);
      return option_named(alter->options, "tablespace") != nullptr ? named(alter->dbname)
                                                                   : InvalidOid;
    }
    case T_DropStmt:
      return drops_calytics(reinterpret_cast<const DropStmt*>(statement)) ? MyDatabaseId
                                                                          : InvalidOid;
    case T_AlterExtensionStmt: {
      const auto* alter = reinterpret_cast<const AlterExtensionStmt*>(statement);
      return strcmp(alter->extname, "calytics") == 0 ? MyDatabaseId : InvalidOid;
    }
    default:
      return InvalidOid;
  }
}

void process(PlannedStmt* planned, const char* query, bool read_only_tree,
             ProcessUtilityContext context, ParamListInfo parameters, QueryEnvironment* environment,
             DestReceiver* destination, QueryCompletion* completion) {
  const Node* statement = planned->utilityStmt;
  bar(database_needed(statement));
  const bool creates = IsA(statement, CreatedbStmt);
  const char* created =
      creates ? reinterpret_cast<const CreatedbStmt*>(statement)->dbname : nullptr;

  const auto next = previous_hook != nullptr ? previous_hook : standard_ProcessUtility;
  next(planned, query, read_only_tree, context, parameters, environment, destination, completion);

  // A copy has the extension if its template has.
  if (created != nullptr) {
    CommandCounterIncrement();
    calytics::glue::start_folder_at_commit(named(created));
  }
}

}  // namespace

void calytics::glue::watch_database_commands() {
  previous_hook = ProcessUtility_hook;
  ProcessUtility_hook = process;
}
