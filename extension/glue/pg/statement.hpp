// Statements of glue: prepared once in a session, and their rows taken from the executor's slot as
// they come, without a copy of each. All of them run within SPI_connect and SPI_finish.
#pragma once

#include "glue/pg/pg.hpp"

extern "C" {
#include "executor/spi.h"
#include "tcop/dest.h"
}

namespace calytics::glue {

// The values live until it returns.
using RowSink = void (*)(void* context, const Datum* values, const bool* nulls);

class Statement {
 public:
  static constexpr int most_parameters = 40;

  // `text` and `types` must outlive the statement.
  template <std::size_t count>
  Statement(const char* text, const Oid (&types)[count])
      : text_(text), types_(types), count_(count) {
    static_assert(count <= most_parameters);
  }

  explicit Statement(const char* text) : text_(text) {}

  // A query, in the snapshot of the caller. A NULL where `nulls` says so.
  void run(const Datum* values, const bool* nulls, RowSink sink, void* context) {
    execute(values, nulls, true, sink, context);
  }

  // A statement that writes or locks, in a snapshot of its own that sees what came before it. Rows
  // that it returns go to the sink. The number of rows that it wrote, or else returned.
  std::uint64_t write(const Datum* values, const bool* nulls, RowSink sink = ignore,
                      void* context = nullptr) {
    return execute(values, nulls, false, sink, context);
  }

 private:
  static void ignore(void* /*context*/, const Datum* /*values*/, const bool* /*nulls*/) {}
  std::uint64_t execute(const Datum* values, const bool* nulls, bool reads, RowSink sink,
                        void* context);
  std::uint64_t execute_pinned(const Datum* values, const bool* nulls, bool reads, RowSink sink,
                               void* context);

  const char* text_;
  const Oid* types_ = nullptr;
  int count_ = 0;
  SPIPlanPtr plan_ = nullptr;
};

}  // namespace calytics::glue
