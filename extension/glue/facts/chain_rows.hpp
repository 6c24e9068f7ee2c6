// Rows of calytics.chain in the making: out of rows of calytics.booking, and in the order of a
// person's bookings. By position of the columns.
#pragma once

#include "glue/pg/pg.hpp"

#include "core/booking/person_order.hpp"
#include "glue/facts/fact.hpp"

namespace calytics::glue {

inline constexpr int kBookingColumns = 37;

struct ChainShapes {
  TupleDesc booking;
  TupleDesc chain;
  Oid payment;
};

// Raises datatype_mismatch where the tables are not as they were built. In the current memory
// context.
ChainShapes chain_shapes(Oid booking, Oid chain);

// A row of calytics.booking.
struct LegRow {
  Datum values[kBookingColumns];
  bool nulls[kBookingColumns];

  std::string_view bytes(int i) const {
    return nulls[i] ? std::string_view{} : bytes_of(DatumGetTextPP(values[i]));
  }
  std::string_view uid() const { return bytes(1); }
  std::string_view root() const { return bytes(4); }
  std::int32_t hops() const { return nulls[5] ? 0 : DatumGetInt32(values[5]); }
  bool superseded() const { return bytes(8) == "superseded"; }
};

LegRow leg_row(const ChainShapes& shapes, Datum booking);

// The fact that a chain's legs amount to, the current leg first. entries, calytics.payment[], and
// pattern, of consultations, may be NULL.
Datum chain_of(const ChainShapes& shapes, const LegRow* rows, std::size_t count,
               NullableDatum entries, NullableDatum pattern);

// A row of calytics.chain.
struct ChainRow {
  Datum values[kChainColumns];
  bool nulls[kChainColumns];

  std::string_view root() const { return bytes_of(DatumGetTextPP(values[1])); }
  core::Placed placed() const;
  // Makes what it owes to the others this; false if it was so already.
  bool owe(const core::Placed& placed);
};

ChainRow chain_row(TupleDesc shape, Datum chain);

}  // namespace calytics::glue
