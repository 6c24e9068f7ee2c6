#include "table.hpp"

extern "C" {
#include "access/genam.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/index.h"
#include "catalog/namespace.h"
#include "commands/trigger.h"
#include "executor/executor.h"
#include "storage/lmgr.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
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

// Of a row that is there and has its place: whether no index took it, for its key is there.
bool conflicts(ResultRelInfo* result, TupleTableSlot* row, EState* state, List* arbiters) {
  bool conflict = false;
#if PG_VERSION_NUM >= 160000
  ExecInsertIndexTuples(result, row, state, false, true, &conflict, arbiters, false);
#else
  ExecInsertIndexTuples(result, row, state, false, true, &conflict, arbiters);
#endif
  return conflict;
}

bool is_free(ResultRelInfo* result, TupleTableSlot* row, EState* state, List* arbiters) {
  ItemPointerData other;
#if PG_VERSION_NUM >= 180000
  return ExecCheckIndexConstraints(result, row, state, &other, nullptr, arbiters);
#else
  return ExecCheckIndexConstraints(result, row, state, &other, arbiters);
#endif
}

Oid primary_key_of(Relation table) {
#if PG_VERSION_NUM >= 180000
  return RelationGetPrimaryKeyIndex(table, false);
#else
  return RelationGetPrimaryKeyIndex(table);
#endif
}

}  // namespace

RowKey& RowKey::put(Datum value, RegProcedure equals) {
  ScanKeyEntryInitialize(&keys_[static_cast<std::size_t>(size_)], 0,
                         static_cast<AttrNumber>(size_ + 1), BTEqualStrategyNumber, InvalidOid,
                         InvalidOid, equals, value);
  ++size_;
  return *this;
}

RowKey& RowKey::put(std::int32_t value) {
  return put(Int32GetDatum(value), F_INT4EQ);
}

RowKey& RowKey::put(std::int64_t value) {
  return put(Int64GetDatum(value), F_INT8EQ);
}

RowKey& RowKey::put(std::string_view text) {
  return put(text_datum(text), F_TEXTEQ);
}

RowKey& RowKey::put(const core::PersonId& id) {
  return put(uuid_datum(id.data()), F_UUID_EQ);
}

RowKey& RowKey::put_bytes(Datum bytes) {
  return put(bytes, F_BYTEAEQ);
}

ScanKeyData* RowKey::keys_of(Relation index) {
  for (int i = 0; i < size_; ++i)
    keys_[static_cast<std::size_t>(i)].sk_collation = index->rd_indcollation[i];
  return keys_.data();
}

void Table::open() {
  if (result_ != nullptr) return;
  PreventCommandIfReadOnly("INSERT");
  const Oid schema = get_namespace_oid("calytics", false);
  Relation table = table_open(get_relname_relid(name_, schema), RowExclusiveLock);
  result_ = makeNode(ResultRelInfo);
  InitResultRelInfo(result_, table, 0, nullptr, 0);
  ExecOpenIndices(result_, false);
  const Oid wanted =
      key_name_ == nullptr ? primary_key_of(table) : get_relname_relid(key_name_, schema);
  for (int i = 0; i < result_->ri_NumIndices; ++i) {
    Relation index = result_->ri_IndexRelationDescs[i];
    if (RelationGetRelid(index) != wanted) continue;
    key_ = index;
    key_info_ = result_->ri_IndexRelationInfo[i];
  }
  if (key_ == nullptr) {
    ereport(ERROR,
            (errcode(ERRCODE_UNDEFINED_OBJECT), errmsg("index calytics.%s is missing", key_name_)));
  }
  found_ = table_slot_create(table, nullptr);
  told_ = MakeSingleTupleTableSlot(RelationGetDescr(table), &TTSOpsVirtual);
}

void Table::close() {
  if (result_ == nullptr) return;
  ExecDropSingleTupleTableSlot(found_);
  ExecDropSingleTupleTableSlot(told_);
  ExecCloseIndices(result_);
  table_close(result_->ri_RelationDesc, NoLock);
  result_ = nullptr;
}

bool Table::find(RowKey key) {
  open();
  PushActiveSnapshot(GetTransactionSnapshot());
  IndexScanDesc scan = begin_scan(result_->ri_RelationDesc, key_, key);
  const bool there = index_getnext_slot(scan, ForwardScanDirection, found_);
  index_endscan(scan);
  PopActiveSnapshot();
  if (there) slot_getallattrs(found_);
  return there;
}

bool Table::lock(RowKey key) {
  while (find(key)) {
    TM_FailureData failure;
    ItemPointerData place = found_->tts_tid;
    const TM_Result result = table_tuple_lock(
        result_->ri_RelationDesc, &place, GetActiveSnapshot(), found_, GetCurrentCommandId(false),
        LockTupleNoKeyExclusive, LockWaitBlock, TUPLE_LOCK_FLAG_FIND_LAST_VERSION, &failure);
    if (result == TM_Ok) {
      slot_getallattrs(found_);
      return true;
    }
    if (result != TM_Deleted || IsolationUsesXactSnapshot()) {
      ereport(ERROR, (errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
                      errmsg("could not serialize access due to concurrent update")));
    }
  }
  return false;
}

void Table::each(RowKey key, RowSink sink, void* context) {
  open();
  PushActiveSnapshot(GetTransactionSnapshot());
  IndexScanDesc scan = begin_scan(result_->ri_RelationDesc, key_, key);
  while (index_getnext_slot(scan, ForwardScanDirection, found_)) {
    slot_getallattrs(found_);
    sink(context, found_->tts_values, found_->tts_isnull);
  }
  index_endscan(scan);
  PopActiveSnapshot();
}

void Table::fill(const Arguments& told, bool keep) {
  ExecClearTuple(told_);
  const int columns = told_->tts_tupleDescriptor->natts;
  const int size = std::min(told.size(), columns);
  std::copy_n(told.values(), size, told_->tts_values);
  std::copy_n(told.nulls(), size, told_->tts_isnull);
  for (int i = size; i < columns; ++i) {
    told_->tts_values[i] = keep ? found_->tts_values[i] : Datum{0};
    told_->tts_isnull[i] = keep ? found_->tts_isnull[i] : true;
  }
  ExecStoreVirtualTuple(told_);
  ResetPerTupleExprContext(state_);
}

bool Table::is_plain() const {
  Relation table = result_->ri_RelationDesc;
  const TupleConstr* constraints = RelationGetDescr(table)->constr;
  return table->trigdesc == nullptr &&
         (constraints == nullptr || !constraints->has_generated_stored);
}

void Table::insert(const Arguments& told) {
  open();
  fill(told, false);
  ExecSimpleRelationInsert(result_, state_, told_);
  CommandCounterIncrement();
}

bool Table::insert_unless_there(const Arguments& told) {
  open();
  fill(told, false);
  Relation table = result_->ri_RelationDesc;
  List* arbiters = list_make1_oid(RelationGetRelid(key_));
  if (key_info_->ii_UniqueProcs == nullptr) BuildSpeculativeIndexInfo(key_, key_info_);
  for (;;) {
    CHECK_FOR_INTERRUPTS();
    if (!is_free(result_, told_, state_, arbiters)) return false;
    if (!is_plain()) {
      ExecSimpleRelationInsert(result_, state_, told_);
      break;
    }
    if (RelationGetDescr(table)->constr != nullptr) ExecConstraints(result_, told_, state_);
    const TransactionId self = GetCurrentTransactionId();
    const uint32 token = SpeculativeInsertionLockAcquire(self);
    table_tuple_insert_speculative(table, told_, GetCurrentCommandId(true), 0, nullptr, token);
    const bool conflict = conflicts(result_, told_, state_, arbiters);
    table_tuple_complete_speculative(table, told_, token, !conflict);
    SpeculativeInsertionLockRelease(self);
    if (!conflict) break;
  }
  CommandCounterIncrement();
  return true;
}

void Table::update(const Arguments& told) {
  fill(told, true);
  EPQState never = {};  // nobody else changes a row that is locked
  ExecSimpleRelationUpdate(result_, state_, &never, found_, told_);
  CommandCounterIncrement();
}

}  // namespace calytics::glue
