// Rows of our own tables, found by key, locked and written without a statement: on a webhook's way
// in, starting an executor and ending it cost more than what it does in between. What a statement
// guarantees holds here too: constraints, indexes, row triggers and replication are seen to.
// Statement triggers, rules, row security and generated columns are not.
#pragma once

#include "glue/pg/pg.hpp"

#include <optional>

#include "glue/pg/columns.hpp"
#include "glue/pg/open_tables.hpp"
#include "glue/pg/row_key.hpp"
#include "glue/pg/statement.hpp"

namespace calytics::glue {

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
  // All rows of a key's leading columns, in the order of the others; the last is found last.
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

  // From now on no row is waited for that another transaction has its hands on: an error instead,
  // as of a lock that can't be had.
  void dont_wait() { waits_ = false; }

  // Needed only before a subtransaction in which it is used, and that it is to outlast.
  void open();
  void close();

 private:
  void fill(const Arguments& told, bool keep);
  bool is_held() const;
  void insist_on_free() const;
  bool lock_version();
  void check_constraints();
  void prepare_speculation();
  bool insert_speculatively();
  ::List* arbiters() const;

  const char* name_;
  const char* key_name_;
  OpenTable* open_ = nullptr;
  bool waits_ = true;
};

template <class State>
std::optional<State> found(Table& table, RowKey key) {
  if (!table.find(key)) return {};
  return table.row<State>();
}

}  // namespace calytics::glue
