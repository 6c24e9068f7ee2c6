// Rows put into a table of ours without a statement, many at once, as COPY puts them there: with
// their index entries and their WAL, so that everything that reads the table or its WAL is content.
// Constraints are checked. What only an INSERT statement sees to must not be about the table.
#pragma once

#include "glue/pg/pg.hpp"

extern "C" {
#include "nodes/execnodes.h"
#include "utils/rel.h"
}

#include <array>
#include <span>

namespace calytics::glue {

class TableWriter {
 public:
  // Whether the table has these columns and no others, and no triggers, rules or row security.
  static bool suits(Relation table, std::span<const Oid> columns);

  enum class For : bool { rows, new_rows };

  // The table is open and locked, and stays so.
  TableWriter(Relation table, For what);

  // The values have to live until the rows are flushed. A unique index raises what is there
  // already; of new rows it doesn't, and finish() tells.
  void put(const Datum* values, const bool* nulls);

  // Into a writer for new rows, at once: false if a unique index has it already, or if another
  // transaction may be about to put it there. Nobody is waited for.
  bool put_new(const Datum* values, const bool* nulls);

  // To be called once, at the end. What follows in this transaction sees the rows. False if not
  // all that were put together are new, as put_new() has it: then they are not all in the indexes.
  bool finish();

 private:
  static constexpr std::size_t kWidth = 32;

  TupleTableSlot* fill(std::size_t place, const Datum* values, const bool* nulls);
  bool index(TupleTableSlot* slot);
  void flush();

  Relation table_;
  For what_;
  EState* state_;
  ResultRelInfo* target_;
  CommandId command_;
  std::size_t made_ = 0;
  std::size_t filled_ = 0;
  bool are_new_ = true;
  std::array<TupleTableSlot*, kWidth> slots_;
};

}  // namespace calytics::glue
