#include "glue/pg/table_writer.hpp"

extern "C" {
#include "access/tableam.h"
#include "access/xact.h"
#include "executor/executor.h"
#include "storage/lmgr.h"
}

#include <algorithm>

namespace calytics::glue {

bool TableWriter::suits(Relation table, std::span<const Oid> columns) {
  if (table->trigdesc != nullptr || table->rd_rules != nullptr || table->rd_rel->relrowsecurity)
    return false;
  TupleDesc shape = table->rd_att;
  if (static_cast<std::size_t>(shape->natts) != columns.size()) return false;
  for (int i = 0; i < shape->natts; ++i) {
    const FormData_pg_attribute* column = TupleDescAttr(shape, i);
    if (column->attisdropped || column->attgenerated != '\0' ||
        column->atttypid != columns[static_cast<std::size_t>(i)])
      return false;
  }
  return true;
}

TableWriter::TableWriter(Relation table, For what)
    : table_(table), what_(what), state_(CreateExecutorState()), target_(makeNode(ResultRelInfo)) {
  PreventCommandIfReadOnly("INSERT");
  PreventCommandIfParallelMode("INSERT");
  InitResultRelInfo(target_, table, 0, nullptr, 0);
  ExecOpenIndices(target_, what == For::new_rows);
  command_ = GetCurrentCommandId(true);
}

TupleTableSlot* TableWriter::fill(std::size_t place, const Datum* values, const bool* nulls) {
  if (place == made_) slots_[made_++] = table_slot_create(table_, &state_->es_tupleTable);
  TupleTableSlot* slot = ExecClearTuple(slots_[place]);
  std::copy_n(values, slot->tts_tupleDescriptor->natts, slot->tts_values);
  std::copy_n(nulls, slot->tts_tupleDescriptor->natts, slot->tts_isnull);
  ExecStoreVirtualTuple(slot);
  if (table_->rd_att->constr != nullptr) ExecConstraints(target_, slot, state_);
  return slot;
}

// Whether it is the only one of its kind, as far as can be told without waiting.
bool TableWriter::index(TupleTableSlot* slot) {
  const bool speculative = what_ == For::new_rows;
  if (target_->ri_NumIndices == 0) return true;
  bool conflict = false;
  ResetPerTupleExprContext(state_);
#if PG_VERSION_NUM >= 160000
  ExecInsertIndexTuples(target_, slot, state_, false, speculative, &conflict, NIL, false);
#else
  ExecInsertIndexTuples(target_, slot, state_, false, speculative, &conflict, NIL);
#endif
  return !conflict;
}

void TableWriter::flush() {
  MemoryContext before = MemoryContextSwitchTo(GetPerTupleMemoryContext(state_));
  table_multi_insert(table_, slots_.data(), static_cast<int>(filled_), command_, 0, nullptr);
  MemoryContextSwitchTo(before);
  for (std::size_t i = 0; i < filled_ && are_new_; ++i)
    are_new_ = index(slots_[i]);
  filled_ = 0;
}

void TableWriter::put(const Datum* values, const bool* nulls) {
  fill(filled_++, values, nulls);
  if (filled_ == kWidth) flush();
}

bool TableWriter::put_new(const Datum* values, const bool* nulls) {
  TupleTableSlot* slot = fill(0, values, nulls);
  const TransactionId self = GetCurrentTransactionId();
  const uint32 token = SpeculativeInsertionLockAcquire(self);
  table_tuple_insert_speculative(table_, slot, command_, 0, nullptr, token);
  const bool is_new = index(slot);
  table_tuple_complete_speculative(table_, slot, token, is_new);
  SpeculativeInsertionLockRelease(self);
  return is_new;
}

bool TableWriter::finish() {
  if (filled_ > 0 && are_new_) flush();
  ExecCloseIndices(target_);
  ExecResetTupleTable(state_->es_tupleTable, false);
  FreeExecutorState(state_);
  CommandCounterIncrement();
  return are_new_;
}

}  // namespace calytics::glue
