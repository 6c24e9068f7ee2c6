// Tracked events as rows of calytics.event.
#pragma once

#include "glue/pg/pg.hpp"

#include <array>

#include "core/tracking/track.hpp"
#include "glue/pg/packed_texts.hpp"

namespace calytics::glue {

// In the order of its columns.
struct EventRow {
  static constexpr Oid types[] = {
      INT4OID, INT8OID, TIMESTAMPTZOID, TIMESTAMPTZOID, TEXTOID,     TEXTOID, TEXTOID, TEXTOID,
      UUIDOID, UUIDOID, BOOLOID,        BOOLOID,        TEXTOID,     TEXTOID, INT8OID, INT8OID,
      INT8OID, TEXTOID, TEXTOID,        TEXTOID,        TEXTOID,     TEXTOID, TEXTOID, TEXTOID,
      TEXTOID, TEXTOID, TEXTOID,        JSONBOID,       INT4ARRAYOID};
  static constexpr std::size_t columns = std::size(types);

  std::array<Datum, columns> values;
  std::array<bool, columns> nulls;
};

// What all events of a batch have in common.
struct Receipt {
  std::int32_t source;
  std::int64_t segment;  // -1 while metrics are off
  TimestampTz at;
};

// Copies all that the event holds into the current memory context.
void write_row(const core::TrackedEvent& event, const Receipt& receipt, PackedTexts& texts,
               EventRow& row);

}  // namespace calytics::glue
