#include "glue/pg/open_tables.hpp"

extern "C" {
#include "access/table.h"
#include "access/tableam.h"
#include "catalog/namespace.h"
#include "executor/executor.h"
#include "executor/tuptable.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/resowner.h"
}

#include <cstring>

namespace calytics::glue {
namespace {

OpenTable* tables = nullptr;

Oid primary_key_of(Relation table) {
#if PG_VERSION_NUM >= 180000
  return RelationGetPrimaryKeyIndex(table, false);
#else
  return RelationGetPrimaryKeyIndex(table);
#endif
}

void open(OpenTable& table) {
  const Oid schema = get_namespace_oid("calytics", false);
  Relation relation = table_open(get_relname_relid(table.name, schema), RowExclusiveLock);
  table.state = CreateExecutorState();
  table.result = makeNode(ResultRelInfo);
  InitResultRelInfo(table.result, relation, 0, nullptr, 0);
  table.state->es_opened_result_relations = list_make1(table.result);
  ExecOpenIndices(table.result, false);
  const Oid wanted = table.key_name == nullptr ? primary_key_of(relation)
                                               : get_relname_relid(table.key_name, schema);
  for (int i = 0; i < table.result->ri_NumIndices; ++i) {
    Relation index = table.result->ri_IndexRelationDescs[i];
    if (RelationGetRelid(index) != wanted) continue;
    table.key = index;
    table.key_info = table.result->ri_IndexRelationInfo[i];
  }
  if (table.key == nullptr) {
    ereport(ERROR, (errcode(ERRCODE_UNDEFINED_OBJECT),
                    errmsg("an index of calytics.%s is missing", table.name)));
  }
  table.found = table_slot_create(relation, nullptr);
  table.told = MakeSingleTupleTableSlot(RelationGetDescr(relation), &TTSOpsVirtual);
  table.triggers = relation->trigdesc;
}

void close(OpenTable& table) {
  ExecDropSingleTupleTableSlot(table.found);
  ExecDropSingleTupleTableSlot(table.told);
  ExecCloseIndices(table.result);
  table_close(table.result->ri_RelationDesc, NoLock);
  FreeExecutorState(table.state);
}

// What is opened outlasts the statement and the subtransaction that it is opened in.
template <class Work>
void for_transaction(Work work) {
  MemoryContext memory = MemoryContextSwitchTo(TopTransactionContext);
  ResourceOwner owner = CurrentResourceOwner;
  CurrentResourceOwner = TopTransactionResourceOwner;
  work();
  CurrentResourceOwner = owner;
  MemoryContextSwitchTo(memory);
}

// Its pin is given back by whoever owned it.
void forget_row(TupleTableSlot* slot) {
  auto* row = reinterpret_cast<BufferHeapTupleTableSlot*>(slot);
  slot->tts_flags = static_cast<uint16>((slot->tts_flags | TTS_FLAG_EMPTY) & ~TTS_FLAG_SHOULDFREE);
  slot->tts_nvalid = 0;
  ItemPointerSetInvalid(&slot->tts_tid);
  row->base.tuple = nullptr;
  row->base.off = 0;
  row->buffer = InvalidBuffer;
}

void at_transaction(XactEvent event, void* /*argument*/) {
  if (event == XACT_EVENT_PRE_COMMIT || event == XACT_EVENT_PRE_PREPARE) {
    for_transaction([] {
      for (; tables != nullptr; tables = tables->next)
        close(*tables);
    });
  } else if (event == XACT_EVENT_ABORT) {
    tables = nullptr;
  }
}

void at_subtransaction(SubXactEvent event, SubTransactionId mine, SubTransactionId /*parent*/,
                       void* /*argument*/) {
  if (event != SUBXACT_EVENT_ABORT_SUB) return;
  for (OpenTable* table = tables; table != nullptr; table = table->next) {
    if (table->user < mine) continue;
    forget_row(table->found);
    ExecClearTuple(table->told);
    table->user = InvalidSubTransactionId;
  }
}

void listen() {
  static bool listening = false;
  if (listening) return;
  RegisterXactCallback(at_transaction, nullptr);
  RegisterSubXactCallback(at_subtransaction, nullptr);
  listening = true;
}

void remove(OpenTable& table) {
  OpenTable** place = &tables;
  while (*place != &table)
    place = &(*place)->next;
  *place = table.next;
  for_transaction([&] { close(table); });
}

bool is_same(const char* a, const char* b) {
  return a == b || (a != nullptr && b != nullptr && strcmp(a, b) == 0);
}

OpenTable* free_table(const char* name, const char* key_name) {
  for (OpenTable* table = tables; table != nullptr; table = table->next) {
    if (table->user == InvalidSubTransactionId && is_same(table->name, name) &&
        is_same(table->key_name, key_name) &&
        table->triggers == table->result->ri_RelationDesc->trigdesc)
      return table;
  }
  return nullptr;
}

}  // namespace

bool has_row_triggers(const OpenTable& table) {
  const TriggerDesc* triggers = table.result->ri_TrigDesc;
  return triggers != nullptr &&
         (triggers->trig_insert_before_row || triggers->trig_insert_after_row ||
          triggers->trig_update_before_row || triggers->trig_update_after_row);
}

OpenTable& take_table(const char* name, const char* key_name) {
  PreventCommandIfReadOnly("INSERT");
  listen();
  OpenTable* table = free_table(name, key_name);
  if (table == nullptr) {
    for_transaction([&] {
      table = static_cast<OpenTable*>(palloc0(sizeof(OpenTable)));
      table->name = name;
      table->key_name = key_name;
      open(*table);
    });
    table->next = tables;
    tables = table;
  }
  table->user = GetCurrentSubTransactionId();
  return *table;
}

void give_back(OpenTable& table) {
  ExecClearTuple(table.found);
  ExecClearTuple(table.told);
  table.user = InvalidSubTransactionId;
  if (!has_row_triggers(table)) return;
  // What a row's trigger keeps between calls lives no longer than the statement.
  ExecResetTupleTable(table.state->es_tupleTable, false);
  remove(table);
}

}  // namespace calytics::glue
