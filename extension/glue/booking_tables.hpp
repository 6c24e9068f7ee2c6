// The tables that applying a webhook writes, for as long as it takes.
#pragma once

#include "table.hpp"

extern "C" {
#include "executor/executor.h"
}

namespace calytics::glue {

struct BookingTables {
  EState* state = CreateExecutorState();
  Table booking{state, "booking"};
  Table attendee{state, "attendee"};
  Table texts{state, "booking_private"};
  Table change{state, "booking_change"};
  Table session{state, "booking_session"};
  Table mark{state, "chain_mark"};
  Table service{state, "service"};
  Table host{state, "host"};
  Table person{state, "person"};

  void close() {
    for (Table* table :
         {&booking, &attendee, &texts, &change, &session, &mark, &service, &host, &person})
      table->close();
    FreeExecutorState(state);
  }
};

// The key of a leg's row, or of rows that belong to it.
inline RowKey leg_key(std::int32_t source, std::string_view uid) {
  return RowKey().put(source).put(uid);
}

}  // namespace calytics::glue
