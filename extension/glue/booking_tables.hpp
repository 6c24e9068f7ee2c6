// The tables that applying a webhook writes, for as long as it takes.
#pragma once

#include "table.hpp"

extern "C" {
#include "executor/executor.h"
}

namespace calytics::glue {

struct BookingTables {
  EState* state = CreateExecutorState();
  Table booking{state, "booking", "booking_pkey"};
  Table attendee{state, "attendee", "attendee_pkey"};
  Table texts{state, "booking_private", "booking_private_pkey"};
  Table change{state, "booking_change", "booking_change_pkey"};
  Table mark{state, "chain_mark", "chain_mark_pkey"};

  void close() {
    for (Table* table : {&booking, &attendee, &texts, &change, &mark})
      table->close();
    FreeExecutorState(state);
  }
};

// The key of a leg's row, or of rows that belong to it.
inline RowKey leg_key(std::int32_t source, std::string_view uid) {
  return RowKey().put(source).put(uid);
}

}  // namespace calytics::glue
