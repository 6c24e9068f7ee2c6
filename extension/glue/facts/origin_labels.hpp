// What sessions count as by their origins: up to a bound the names they tell, beyond it "(other)"
// (sql/track_origin.sql). Contributions are gathered first, since few names are many sessions'.
#pragma once

#include "core/tracking/track_facts.hpp"
#include "glue/pg/list.hpp"

namespace calytics::glue {

struct OriginCount {
  std::string_view kind;
  std::string_view name;
  TimestampTz at;
  bool claimed;
  bool booked;
  std::int64_t weight;
};

// Adds what a session counts as, once for each kind of name; copies what it keeps.
void put_origins(List<OriginCount>& counts, const core::SessionFact& session, std::int64_t weight);

// Makes names what they count as. Within SPI_connect and SPI_finish.
void label_origins(List<OriginCount>& counts, std::int32_t source);

}  // namespace calytics::glue
