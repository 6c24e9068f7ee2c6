// The tables that applying a webhook writes, for as long as it takes.
#pragma once

#include "glue/pg/table.hpp"

namespace calytics::glue {

struct BookingTables {
  Table booking{"booking"};
  Table attendee{"attendee"};
  Table texts{"booking_private"};
  Table change{"booking_change"};
  Table session{"booking_session"};
  Table mark{"chain_mark"};
  Table service{"service"};
  Table host{"host"};
  Table person{"person"};

  // Those in which several transactions may meet; the others' rows belong to a booking's.
  void dont_wait() {
    for (Table* table : {&booking, &service, &host, &person})
      table->dont_wait();
  }

  void close() {
    for (Table* table :
         {&booking, &attendee, &texts, &change, &session, &mark, &service, &host, &person})
      table->close();
  }
};

// The key of a leg's row, or of rows that belong to it.
inline RowKey leg_key(std::int32_t source, std::string_view uid) {
  return RowKey().put(source).put(uid);
}

}  // namespace calytics::glue
