#include "glue/pg/table.hpp"

#include "glue/pg/pinned.hpp"

extern "C" {
#include "access/genam.h"
#include "access/htup_details.h"
#include "access/multixact.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/index.h"
#include "commands/trigger.h"
#include "executor/executor.h"
#include "storage/lmgr.h"
#include "storage/procarray.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"
}

#include <algorithm>

namespace calytics::glue {
namespace {

IndexScanDesc begin_scan(Relation table, Relation index, RowKey& key) {
#if PG_VERSION_NUM >= 180000
  IndexScanDesc scan = index_beginscan(table, index, GetActiveSnapshot(), nullptr, key.size(), 0);
#else
  IndexScanDesc scan = index_beginscan(table, index, GetActiveSnapshot(), key.size(), 0);
#endif
  index_rescan(scan, key.keys_of(index), key.size(), nullptr, 0);
  return scan;
}

// After a row was written anew elsewhere than beside the old one.
void enter_indexes(ResultRelInfo* result, TupleTableSlot* row, EState* state, bool only_summaries) {
#if PG_VERSION_NUM >= 160000
  ExecInsertIndexTuples(result, row, state, true, false, nullptr, NIL, only_summaries);
#else
  (void)only_summaries;
  ExecInsertIndexTuples(result, row, state, true, false, nullptr, NIL);
#endif
}

// Of a row that is there and has its place: whether no index took it, for its key is there.
bool conflicts(ResultRelInfo* result, TupleTableSlot* row, EState* state, ::List* arbiters) {
  bool conflict = false;
#if PG_VERSION_NUM >= 160000
  ExecInsertIndexTuples(result, row, state, false, true, &conflict, arbiters, false);
#else
  ExecInsertIndexTuples(result, row, state, false, true, &conflict, arbiters);
#endif
  return conflict;
}

bool is_free(ResultRelInfo* result, TupleTableSlot* row, EState* state, ::List* arbiters) {
  ItemPointerData other;
#if PG_VERSION_NUM >= 180000
  return ExecCheckIndexConstraints(result, row, state, &other, nullptr, arbiters);
#else
  return ExecCheckIndexConstraints(result, row, state, &other, arbiters);
#endif
}

// Triggers after a row fire when a statement ends, for which this stands.
template <class Write>
void as_statement(const OpenTable& table, Write write) {
  if (!has_row_triggers(table)) {
    write();
    return;
  }
  pinned([&] {
    AfterTriggerBeginQuery();
    write();
    AfterTriggerEndQuery(table.state);
  });
}

[[noreturn]] void raise_concurrent_update() {
  ereport(ERROR, (errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
                  errmsg("could not serialize access due to concurrent update")));
}

[[noreturn]] void raise_held(const char* table) {
  ereport(ERROR, (errcode(ERRCODE_LOCK_NOT_AVAILABLE),
                  errmsg("a row of calytics.%s is held by another transaction", table)));
}

// What became of a row that this transaction wanted to write; raises an error if it can't tell.
bool was_written(TM_Result result) {
  if (result == TM_Ok) return true;
  if ((result != TM_Updated && result != TM_Deleted) || IsolationUsesXactSnapshot())
    raise_concurrent_update();
  return false;
}

}  // namespace

void Table::open() {
  if (open_ == nullptr) open_ = &take_table(name_, key_name_);
}

void Table::close() {
  if (open_ != nullptr) give_back(*open_);
  open_ = nullptr;
}

Oid Table::type_of(int column) {
  open();
  return TupleDescAttr(open_->told->tts_tupleDescriptor, column)->atttypid;
}

bool Table::find(RowKey key) {
  open();
  PushActiveSnapshot(GetTransactionSnapshot());
  IndexScanDesc scan = begin_scan(open_->result->ri_RelationDesc, open_->key, key);
  const bool there = index_getnext_slot(scan, ForwardScanDirection, open_->found);
  index_endscan(scan);
  PopActiveSnapshot();
  if (there) slot_getallattrs(open_->found);
  return there;
}

bool Table::lock(RowKey key) {
  while (find(key)) {
    insist_on_free();
    TM_FailureData failure;
    ItemPointerData place = open_->found->tts_tid;
    const TM_Result result =
        table_tuple_lock(open_->result->ri_RelationDesc, &place, GetActiveSnapshot(), open_->found,
                         GetCurrentCommandId(false), LockTupleNoKeyExclusive, LockWaitBlock,
                         TUPLE_LOCK_FLAG_FIND_LAST_VERSION, &failure);
    if (result == TM_Ok) {
      slot_getallattrs(open_->found);
      return true;
    }
    if (result != TM_Deleted || IsolationUsesXactSnapshot()) raise_concurrent_update();
  }
  return false;
}

// Whether another transaction that isn't over has written or locked the row found last.
bool Table::is_held() const {
  const HeapTupleHeaderData* row =
      reinterpret_cast<BufferHeapTupleTableSlot*>(open_->found)->base.tuple->t_data;
  const uint16 mask = row->t_infomask;
  if ((mask & HEAP_XMAX_INVALID) != 0) return false;
  const TransactionId holder = HeapTupleHeaderGetRawXmax(row);
  if ((mask & HEAP_XMAX_IS_MULTI) != 0)
    return MultiXactIdIsRunning(holder, HEAP_XMAX_IS_LOCKED_ONLY(mask));
  return !TransactionIdIsCurrentTransactionId(holder) && TransactionIdIsInProgress(holder);
}

void Table::insist_on_free() const {
  if (!waits_ && is_held()) raise_held(name_);
}

// The row found last, in that version and no other.
bool Table::lock_version() {
  TM_FailureData failure;
  ItemPointerData place = open_->found->tts_tid;
  const bool locked = was_written(table_tuple_lock(
      open_->result->ri_RelationDesc, &place, GetActiveSnapshot(), open_->found,
      GetCurrentCommandId(false), LockTupleNoKeyExclusive, LockWaitBlock, 0, &failure));
  if (locked) slot_getallattrs(open_->found);
  return locked;
}

void Table::each(RowKey key, RowSink sink, void* context) {
  open();
  PushActiveSnapshot(GetTransactionSnapshot());
  IndexScanDesc scan = begin_scan(open_->result->ri_RelationDesc, open_->key, key);
  while (index_getnext_slot(scan, ForwardScanDirection, open_->found)) {
    slot_getallattrs(open_->found);
    sink(context, open_->found->tts_values, open_->found->tts_isnull);
  }
  index_endscan(scan);
  PopActiveSnapshot();
}

void Table::fill(const Arguments& told, bool keep) {
  ExecClearTuple(open_->told);
  const int columns = open_->told->tts_tupleDescriptor->natts;
  const int size = std::min(told.size(), columns);
  std::copy_n(told.values(), size, open_->told->tts_values);
  std::copy_n(told.nulls(), size, open_->told->tts_isnull);
  for (int i = size; i < columns; ++i) {
    open_->told->tts_values[i] = keep ? open_->found->tts_values[i] : Datum{0};
    open_->told->tts_isnull[i] = keep ? open_->found->tts_isnull[i] : true;
  }
  ExecStoreVirtualTuple(open_->told);
  ResetPerTupleExprContext(open_->state);
}

void Table::check_constraints() {
  if (RelationGetDescr(open_->result->ri_RelationDesc)->constr != nullptr)
    ExecConstraints(open_->result, open_->told, open_->state);
}

void Table::insert(const Arguments& told) {
  open();
  fill(told, false);
  as_statement(*open_, [&] { ExecSimpleRelationInsert(open_->result, open_->state, open_->told); });
  CommandCounterIncrement();
}

bool Table::insert_unless_there(const Arguments& told) {
  open();
  if (open_->key_info->ii_UniqueOps == nullptr) prepare_speculation();
  fill(told, false);
  bool inserted = false;
  as_statement(*open_, [&] { inserted = insert_speculatively(); });
  if (inserted) CommandCounterIncrement();
  return inserted;
}

// What is looked up for this lives as long as the table is open.
void Table::prepare_speculation() {
  MemoryContext before = MemoryContextSwitchTo(open_->state->es_query_cxt);
  BuildSpeculativeIndexInfo(open_->key, open_->key_info);
  MemoryContextSwitchTo(before);
}

// Whoever inserts has looked before and found nothing: so the row is put in its place first, and
// taken back where the index then says that another was there.
bool Table::insert_speculatively() {
  ResultRelInfo* result = open_->result;
  Relation table = result->ri_RelationDesc;
  const bool wanted = result->ri_TrigDesc == nullptr ||
                      !result->ri_TrigDesc->trig_insert_before_row ||
                      ExecBRInsertTriggers(open_->state, result, open_->told);
  if (!wanted) return true;
  check_constraints();
  do {
    CHECK_FOR_INTERRUPTS();
    const TransactionId self = GetCurrentTransactionId();
    const uint32 token = SpeculativeInsertionLockAcquire(self);
    table_tuple_insert_speculative(table, open_->told, GetCurrentCommandId(true), 0, nullptr,
                                   token);
    const bool conflict = conflicts(result, open_->told, open_->state, arbiters());
    table_tuple_complete_speculative(table, open_->told, token, !conflict);
    SpeculativeInsertionLockRelease(self);
    if (!conflict) {
      ExecARInsertTriggers(open_->state, result, open_->told, NIL, nullptr);
      return true;
    }
    if (!waits_) raise_held(name_);
    // The other may yet come to nothing.
  } while (is_free(result, open_->told, open_->state, arbiters()));
  return false;
}

::List* Table::arbiters() const {
  return list_make1_oid(RelationGetRelid(open_->key));
}

void Table::update(const Arguments& told) {
  fill(told, true);
  EPQState never = {};  // nobody else changes a row that is locked
  as_statement(*open_, [&] {
    ExecSimpleRelationUpdate(open_->result, open_->state, &never, open_->found, open_->told);
  });
  CommandCounterIncrement();
}

bool Table::update_unless_changed(const Arguments& told) {
  insist_on_free();
  if (has_row_triggers(*open_)) {
    if (!lock_version()) return false;
    update(told);
    return true;
  }
  fill(told, true);
  check_constraints();
  Relation table = open_->result->ri_RelationDesc;
  ItemPointerData place = open_->found->tts_tid;
  TM_FailureData failure;
  LockTupleMode mode = LockTupleNoKeyExclusive;
#if PG_VERSION_NUM >= 160000
  TU_UpdateIndexes indexes = TU_None;
#else
  bool indexes = false;
#endif
  if (!was_written(table_tuple_update(table, &place, open_->told, GetCurrentCommandId(true),
                                      GetActiveSnapshot(), InvalidSnapshot, true, &failure, &mode,
                                      &indexes)))
    return false;
#if PG_VERSION_NUM >= 160000
  const bool only_summaries = indexes == TU_Summarizing;
#else
  const bool only_summaries = false;
#endif
  if (indexes) enter_indexes(open_->result, open_->told, open_->state, only_summaries);
  CommandCounterIncrement();
  return true;
}

void Table::remove() {
  EPQState never = {};  // as above
  as_statement(
      *open_, [&] { ExecSimpleRelationDelete(open_->result, open_->state, &never, open_->found); });
  CommandCounterIncrement();
}

}  // namespace calytics::glue
