// Facts of sessions and funnels on their way into their tables, which the folder alone writes, row
// by row as they are settled: no statement is begun for them, and none is kept in memory.
//
// Guarantees: within SPI_connect and SPI_finish. The caller's snapshot doesn't see what is written.
#pragma once

#include "glue/pg/pg.hpp"

#include "glue/facts/track_changes.hpp"
#include "glue/pg/table.hpp"

namespace calytics::glue {

class TrackWriter {
 public:
  explicit TrackWriter(std::int32_t source);

  // Makes the row that was the one that is. Uses the current memory context.
  void put(const SessionChange& change);
  void put(const FunnelChange& change);

  // To be called once, at the end.
  void close();

 private:
  std::int32_t source_;
  Table sessions_;
  Table funnels_;
  TupleDesc origin_;
};

}  // namespace calytics::glue
