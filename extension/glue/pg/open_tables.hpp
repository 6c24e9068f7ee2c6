// Tables that stay open from their first use in a transaction until it ends: looking up a table,
// its indexes and what a row must be to enter them costs as much as finding and writing the row,
// and webhooks are committed many at a time.
//
// Its locks, too, are held until then, so nobody else changes a table meanwhile; and the
// transaction itself can't alter or empty one that it has used.
#pragma once

#include "glue/pg/pg.hpp"

extern "C" {
#include "access/xact.h"
#include "nodes/execnodes.h"
}

namespace calytics::glue {

struct OpenTable {
  const char* name;
  const char* key_name;
  EState* state;
  ResultRelInfo* result;
  Relation key;
  IndexInfo* key_info;
  TupleTableSlot* found;
  TupleTableSlot* told;
  const TriggerDesc* triggers;  // as they were when it was opened
  SubTransactionId user;        // in which it is in use
  OpenTable* next;
};

// Ready to be written, for the caller alone until it is given back, or an error ends the
// subtransaction. In schema calytics; key_name: a unique index, or else nullptr for the primary
// key.
OpenTable& take_table(const char* name, const char* key_name);
void give_back(OpenTable& table);

bool has_row_triggers(const OpenTable& table);

}  // namespace calytics::glue
