// calytics.merge_deltas: adds recent deltas to the buckets. All of an hour's deltas are summed up
// before they are added, days out of hours and months out of days, so that each bucket is read and
// written once. sql/verify.sql says in SQL what buckets hold in the end, and checks it.
//
// The caller is the folder: nobody else writes buckets until its transaction ends. Memory is
// bounded: beyond so many sums what there is goes to the buckets first.

#include "glue/pg/pg.hpp"

extern "C" {
#include "executor/spi.h"
#include "utils/memutils.h"
}

#include <algorithm>
#include <cstring>

#include "core/time/local_time.hpp"
#include "glue/pg/memory.hpp"
#include "glue/pg/table.hpp"
#include "glue/sums/new_cube.hpp"
#include "glue/sums/reader.hpp"
#include "glue/sums/split.hpp"
#include "glue/sums/tally.hpp"

CALYTICS_SQL_FUNCTION(calytics_merge_deltas);

namespace calytics::glue {

namespace {

using core::CubeReader;
using core::HourlyCube;
using core::HourlyCubes;
using core::Split;
using core::SumTable;
using core::Unit;

constexpr std::size_t kMostSums = 200'000;

// A source's basis. Their numbers are places in a table by the bytes of these.
struct Kind {
  std::int32_t source;
  std::string_view basis;

  // Of what is tracked: calytics.cube_splits.
  bool is_split() const {
    return basis != "tracking" && basis != "session" && basis != "origin" && basis != "funnel";
  }
};

struct Merge {
  explicit Merge(MemoryContext in)
      : memory(AllocSetContextCreate(in, "calytics deltas", ALLOCSET_DEFAULT_SIZES)),
        row(AllocSetContextCreate(in, "calytics bucket", ALLOCSET_DEFAULT_SIZES)),
        kinds(memory_of(in)),
        hours(memory_of(memory)) {}

  MemoryContext memory;  // of the sums, emptied with them
  MemoryContext row;     // emptied again and again
  SumTable kinds;
  std::uint32_t kind = 0;  // the last one looked for
  HourlyCubes hours;
  Table buckets{"bucket"};
};

Kind kind_of(const Merge& merge, std::uint32_t number) {
  const std::string_view key = merge.kinds.rows()[number].key;
  Kind kind;
  memcpy(&kind.source, key.data(), sizeof kind.source);
  kind.basis = key.substr(sizeof kind.source);
  return kind;
}

std::uint32_t number_of(Merge& merge, std::int32_t source, std::string_view basis) {
  if (!merge.kinds.rows().empty()) {
    const Kind last = kind_of(merge, merge.kind);
    if (last.source == source && last.basis == basis) return merge.kind;
  }
  auto* key = static_cast<char*>(MemoryContextAlloc(merge.row, sizeof source + basis.size()));
  memcpy(key, &source, sizeof source);
  std::copy(basis.begin(), basis.end(), key + sizeof source);
  const SumTable::Row& row = merge.kinds.row({key, sizeof source + basis.size()});
  merge.kind = static_cast<std::uint32_t>(&row - merge.kinds.rows().data());
  return merge.kind;
}

void add_to_bucket(Merge& merge, const Kind& kind, std::string_view grain, std::string_view split,
                   std::int64_t at, std::string_view cells) {
  if (cells.empty()) return;
  SumTable sums(memory_of(merge.row));
  raise_unless_ok(core::add_cube(sums, cells, 1));
  const RowKey key = RowKey().put(kind.source).put(kind.basis).put(grain).put(split).put_local(at);
  const bool is_there = merge.buckets.find(key);
  constexpr int stored = 5;
  if (is_there) raise_unless_ok(core::add_cube(sums, text_of(merge.buckets.value(stored)), 1));
  const Arguments row = Arguments()
                            .put_all(kind.source, kind.basis, grain, split)
                            .put(TimestampGetDatum(at))
                            .put(PointerGetDatum(new_cube(sums)));
  if (is_there) {
    merge.buckets.update(row);
  } else {
    merge.buckets.insert(row);
  }
}

void add_in_splits(Merge& merge, const Kind& kind, Unit grain, std::int64_t at,
                   std::string_view cells) {
  const std::string_view name = core::name_of(grain);
  add_to_bucket(merge, kind, name, "both", at, cells);
  if (grain == Unit::hour || !kind.is_split()) return;
  for (const Split split : {Split{}, Split{.service = true}, Split{.host = true}}) {
    SumTable sums(memory_of(merge.row));
    raise_unless_ok(core::add_cube(sums, cells, split, memory_of(merge.row)));
    add_to_bucket(merge, kind, name, name_of(split), at, bytes_of(new_cube(sums)));
  }
}

void add_cells(HourlyCubes& sums, std::uint32_t kind, std::int64_t at, std::string_view cells) {
  CubeReader reader(cells);
  while (reader.next())
    raise_unless_ok(sums.add(kind, at, reader.key(), reader.counts(), 1));
  raise_unless_ok(reader.status());
}

// Adds sums to the buckets of their grain, and to those of the coarser one.
void merge_grain(Merge& merge, HourlyCubes& sums, Unit grain, Unit coarser, HourlyCubes& coarse) {
  sums.each([&](const HourlyCube& cube) {
    MemoryContext before = MemoryContextSwitchTo(merge.row);
    const std::string_view cells = bytes_of(new_cube(cube));
    add_in_splits(merge, kind_of(merge, cube.basis), grain, cube.hour, cells);
    if (coarser != Unit::none)
      add_cells(coarse, cube.basis, core::start_of(coarser, cube.hour, 1), cells);
    MemoryContextSwitchTo(before);
    MemoryContextReset(merge.row);
    CHECK_FOR_INTERRUPTS();
  });
}

void merge_sums(Merge& merge) {
  HourlyCubes days(memory_of(merge.memory));
  HourlyCubes months(memory_of(merge.memory));
  merge_grain(merge, merge.hours, Unit::hour, Unit::day, days);
  merge_grain(merge, days, Unit::day, Unit::month, months);
  merge_grain(merge, months, Unit::month, Unit::none, months);
  MemoryContextReset(merge.memory);
  merge.hours = HourlyCubes(memory_of(merge.memory));
}

void add_delta(void* context, const Datum* values, const bool* /*nulls*/) {
  Merge& merge = *static_cast<Merge*>(context);
  const std::uint32_t kind = number_of(merge, DatumGetInt32(values[0]), text_of(values[1]));
  add_cells(merge.hours, kind, DatumGetTimestamp(values[2]), text_of(values[3]));
  if (merge.hours.size() > kMostSums) merge_sums(merge);
}

}  // namespace

}  // namespace calytics::glue

// merge_deltas(since)
Datum calytics_merge_deltas(PG_FUNCTION_ARGS) {
  using namespace calytics::glue;
  static const Oid types[] = {INT8OID};
  static Statement query(
      "select r.source_id, r.basis, r.at, r.cells from calytics.recent_delta r where r.run >= $1",
      types);
  Merge merge(CurrentMemoryContext);
  const Datum since = PG_GETARG_DATUM(0);
  SPI_connect();
  query.run(&since, nullptr, add_delta, &merge);
  merge_sums(merge);
  merge.buckets.close();
  SPI_finish();
  PG_RETURN_VOID();
}
