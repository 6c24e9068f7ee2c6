// Rows of our own tables, found by key, locked and written without a statement: on a webhook's way
// in, starting an executor and ending it cost more than what it does in between. What a statement
// guarantees holds here too: constraints, indexes, row triggers and replication are seen to.
// Statement triggers, rules, row security and generated columns are not.
#pragma once

#include "glue/pg/pg.hpp"

extern "C" {
#include "access/skey.h"
}

#include <array>
#include <optional>

#include "glue/pg/columns.hpp"
#include "glue/pg/open_tables.hpp"
#include "glue/pg/statement.hpp"

namespace calytics::glue {

// The leading columns of a key.
class RowKey {
 public:
  RowKey& put(std::int32_t value);
  RowKey& put(std::string_view text);
  RowKey& put(std::int64_t value);
  RowKey& put(const core::PersonId& id);
  RowKey& put_bytes(Datum bytes);
  RowKey& put_instant(TimestampTz at);
  RowKey& put_local(Timestamp at);

  ScanKeyData* keys_of(Relation index);
  int size() const { return size_; }

 private:
  RowKey& put(Datum value, RegProcedure equals);

  static constexpr std::size_t most = 6;
  std::array<ScanKeyData, most> keys_;
  int size_ = 0;
};

// One table for a while, all within one subtransaction. Opened at first use, and closed by whoever
// made it, if no error came in between.
class Table {
 public:
  // In schema calytics. key: a unique index by which its rows are found; without one, the primary
  // key.
  explicit Table(const char* name, const char* key = nullptr) : name_(name), key_name_(key) {}

  // Of a column, counted from 0.
  Oid type_of(int column);

  // The row, as what is committed now or written here shows it.
  bool find(RowKey key);
  // The same in its newest version, locked until the transaction ends but for its key.
  bool lock(RowKey key);
  // All rows of a key's leading columns, in the order of the others.
  void each(RowKey key, RowSink sink, void* context);
  // The row found last.
  template <class State>
  State row() const {
    return Columns(open_->found->tts_values, open_->found->tts_isnull).take_row<State>();
  }

  Datum value(int column) const { return open_->found->tts_values[column]; }

  // Columns that aren't told are NULL.
  void insert(const Arguments& told);
  // False, and nothing written, if the key is there already, however many try at once.
  bool insert_unless_there(const Arguments& told);
  // The row found last, whose key stays. Columns that aren't told are left alone.
  void update(const Arguments& told);
  // The same of a row that need not be locked. False, and nothing written, if another session has
  // changed it since it was found; otherwise it is locked from here on.
  bool update_unless_changed(const Arguments& told);
  // The row found last.
  void remove();

  // Needed only before a subtransaction in which it is used, and that it is to outlast.
  void open();
  void close();

 private:
  void fill(const Arguments& told, bool keep);
  bool lock_version();
  void check_constraints();
  void prepare_speculation();
  bool insert_speculatively();
  ::List* arbiters() const;

  const char* name_;
  const char* key_name_;
  OpenTable* open_ = nullptr;
};

template <class State>
std::optional<State> found(Table& table, RowKey key) {
  if (!table.find(key)) return {};
  return table.row<State>();
}

}  // namespace calytics::glue
