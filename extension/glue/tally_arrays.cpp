// calytics.tally(dense, cells, amounts): a tally out of PostgreSQL's arrays, which are read where
// they lie, for every fact that is booked makes one.

#include "pg.hpp"

#include <array>
#include <span>

#include "tally.hpp"

CALYTICS_SQL_FUNCTION(calytics_tally_make);

namespace {

using calytics::core::DenseCounts;
using calytics::core::kTallyIndexes;
using calytics::core::TallyEntry;
using calytics::glue::NewTally;
using calytics::glue::raise_unless_ok;

// An array of one dimension; none for NULL and for an array without elements.
struct Elements {
  const char* data = nullptr;
  const bits8* present = nullptr;
  int size = 0;
};

Elements elements(FunctionCallInfo fcinfo, int argument) {
  if (PG_NARGS() <= argument || PG_ARGISNULL(argument)) return {};
  ArrayType* array = PG_GETARG_ARRAYTYPE_P(argument);
  if (ARR_NDIM(array) > 1) {
    ereport(ERROR, (errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
                    errmsg("a tally is made of arrays of one dimension")));
  }
  if (ARR_NDIM(array) == 0) return {};
  return {ARR_DATA_PTR(array), ARR_NULLBITMAP(array), ARR_DIMS(array)[0]};
}

// Goes through an array's elements; NULLs take no room among them.
template <typename Element>
class Cursor {
 public:
  explicit Cursor(const Elements& elements)
      : next_(reinterpret_cast<const Element*>(elements.data)), present_(elements.present) {}

  // The next one, or nullptr where it is NULL.
  const Element* take() {
    const int i = at_++;
    const bool absent = present_ != nullptr && (present_[i / 8] & (1U << (i % 8U))) == 0;
    return absent ? nullptr : next_++;
  }

 private:
  const Element* next_;
  const bits8* present_;
  int at_ = 0;
};

[[noreturn]] void raise_index(std::int64_t index) {
  ereport(ERROR, (errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
                  errmsg("index " INT64_FORMAT " of a tally is out of range", index),
                  errhint("Indexes go from 0 to %d.", kTallyIndexes - 1)));
  pg_unreachable();
}

std::span<TallyEntry> pairs(const Elements& cells, const Elements& amounts, TallyEntry* out) {
  Cursor<int32> cell(cells);
  Cursor<int64> amount(amounts);
  std::size_t size = 0;
  for (int i = 0; i < cells.size; ++i) {
    const int32* index = cell.take();
    const int64* count = amount.take();
    if (index == nullptr || count == nullptr) continue;
    if (*index < 0 || *index >= kTallyIndexes) raise_index(*index);
    out[size++] = {static_cast<std::uint16_t>(*index), *count};
  }
  return {out, size};
}

}  // namespace

Datum calytics_tally_make(PG_FUNCTION_ARGS) {
  const Elements dense = elements(fcinfo, 0);
  Elements cells = elements(fcinfo, 1);
  Elements amounts = elements(fcinfo, 2);
  if (dense.size >= kTallyIndexes) raise_index(dense.size);
  const bool skipped = PG_NARGS() < 3 || PG_ARGISNULL(1) || PG_ARGISNULL(2);
  if (skipped) {
    cells = amounts = {};
  } else if (cells.size != amounts.size) {
    ereport(ERROR, (errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
                    errmsg("%d cells of a tally have %d amounts", cells.size, amounts.size)));
  }

  std::array<TallyEntry, 64> few;
  TallyEntry* room = few.data();
  if (static_cast<std::size_t>(cells.size) > few.size()) {
    room =
        static_cast<TallyEntry*>(palloc(sizeof(TallyEntry) * static_cast<std::size_t>(cells.size)));
  }
  std::span<TallyEntry> sparse = pairs(cells, amounts, room);
  raise_unless_ok(calytics::core::sort_entries(sparse));

  NewTally result(static_cast<std::size_t>(dense.size) + sparse.size());
  const DenseCounts counts{reinterpret_cast<const std::int64_t*>(dense.data), dense.present,
                           dense.size};
  raise_unless_ok(calytics::core::gather_tally(counts, sparse, result.out()));
  PG_RETURN_POINTER(result.finish());
}
