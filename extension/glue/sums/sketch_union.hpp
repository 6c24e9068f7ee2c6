// Sketches of visitors that are to be united by unit, and all of them besides, in one query.
#pragma once

#include "glue/sums/reader.hpp"
#include "glue/sums/visitor_memo.hpp"

namespace calytics::glue {

// The unit of what all units have in common; no local time of an event is that.
inline constexpr Timestamp kTotal = DT_NOEND;

// Sketches that are to be united, with those of their units; by unit, kTotal besides.
class Union {
 public:
  Union(const Asked& asked, MemoryContext memory) : asked_(asked), units_{memory}, bytes_{memory} {}

  bool empty() const { return units_.size == 0; }
  bool concerns(Timestamp unit) const {
    return std::any_of(units_.begin(), units_.end(),
                       [&](Datum there) { return DatumGetTimestamp(there) == unit; });
  }

  // The sketch of an hour, or of a day or month no coarser than the unit.
  void put(Timestamp at, Datum sketch) {
    MemoryContext before = MemoryContextSwitchTo(units_.memory);
    const Datum copy = PointerGetDatum(PG_DETOAST_DATUM_COPY(sketch));
    MemoryContextSwitchTo(before);
    put_unit(core::start_of(asked_.unit, at, asked_.week_start), copy);
    if (asked_.total) put_unit(kTotal, copy);
  }
  void put_unit(Timestamp unit, Datum sketch) {
    units_.put(TimestampGetDatum(unit));
    bytes_.put(sketch);
  }

  void unite(RowSink sink, void* context) const {
    static const Oid types[] = {kLocals, BYTEAARRAYOID};
    static Statement query("select u.* from calytics.unite_visitors($1, $2) u", types);
    if (empty()) return;
    const std::array<Datum, 2> values = {array_of(units_.items, units_.size, TIMESTAMPOID),
                                         array_of(bytes_.items, bytes_.size, BYTEAOID)};
    query.run(values.data(), nullptr, sink, context);
  }

 private:
  const Asked& asked_;
  List<Datum> units_;
  List<Datum> bytes_;
};

}  // namespace calytics::glue
