// Queries of glue: prepared once in a session, and their rows taken from the executor's slot as
// they come, without a copy of each.
#pragma once

#include "pg.hpp"

extern "C" {
#include "executor/spi.h"
#include "tcop/dest.h"
}

namespace calytics::glue {

using RowSink = void (*)(void* context, const Datum* values, const bool* nulls);

class Statement {
 public:
  static constexpr int most_parameters = 9;

  // `text` and `types` must outlive the query.
  template <std::size_t count>
  Statement(const char* text, const Oid (&types)[count])
      : text_(text), types_(types), count_(count) {
    static_assert(count <= most_parameters);
  }

  explicit Statement(const char* text) : text_(text) {}

  // Runs it in the snapshot of the caller, within SPI_connect and SPI_finish. A NULL where `nulls`
  // says so.
  void run(const Datum* values, const bool* nulls, RowSink sink, void* context);

 private:
  const char* text_;
  const Oid* types_ = nullptr;
  int count_ = 0;
  SPIPlanPtr plan_ = nullptr;
};

}  // namespace calytics::glue
