// Cubes in SQL: aggregates that make one of tallies, or of cubes, and its cells as rows.

#include "glue/pg/pg.hpp"

#include "core/metrics/cube.hpp"

#include <array>
#include <new>

#include "glue/pg/memory.hpp"
#include "glue/pg/rows.hpp"
#include "glue/sums/new_cube.hpp"
#include "glue/sums/split.hpp"
#include "glue/sums/tally.hpp"

CALYTICS_SQL_FUNCTION(calytics_cube_add_counts);
CALYTICS_SQL_FUNCTION(calytics_cube_add_cells);
CALYTICS_SQL_FUNCTION(calytics_cube_result);
CALYTICS_SQL_FUNCTION(calytics_cube_plus);
CALYTICS_SQL_FUNCTION(calytics_cube_split);
CALYTICS_SQL_FUNCTION(calytics_cube_cells);

namespace {

using calytics::core::CubeKey;
using calytics::core::CubeReader;
using calytics::core::SumTable;
using calytics::glue::memory_of;
using calytics::glue::raise_unless_ok;
using calytics::glue::tally_argument;
using calytics::glue::text_argument;
using calytics::glue::text_datum;

// The aggregate's state, made at its first call.
SumTable& state_argument(FunctionCallInfo fcinfo) {
  for (int i = 1; i < PG_NARGS(); ++i) {
    if (PG_ARGISNULL(i)) {
      ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
                      errmsg("no argument of calytics.cube may be NULL")));
    }
  }
  MemoryContext context = nullptr;
  if (AggCheckCallContext(fcinfo, &context) == 0) {
    ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
                    errmsg("a function of calytics.cube was called outside of an aggregate")));
  }
  if (!PG_ARGISNULL(0)) return *reinterpret_cast<SumTable*>(PG_GETARG_POINTER(0));
  return *new (MemoryContextAlloc(context, sizeof(SumTable))) SumTable(memory_of(context));
}

Datum cube_datum(SumTable& sums) {
  return PointerGetDatum(calytics::glue::new_cube(sums));
}

}  // namespace

Datum calytics_cube_add_counts(PG_FUNCTION_ARGS) {
  SumTable& sums = state_argument(fcinfo);
  const CubeKey key = {text_argument(fcinfo, 1), text_argument(fcinfo, 2),
                       text_argument(fcinfo, 3)};
  auto* bytes = static_cast<char*>(palloc(calytics::core::room_of(key)));
  const char* end = calytics::core::write_key(key, bytes);
  raise_unless_ok(sums.add({bytes, static_cast<std::size_t>(end - bytes)},
                           tally_argument(fcinfo, 4), PG_GETARG_INT64(5)));
  pfree(bytes);
  PG_RETURN_POINTER(&sums);
}

Datum calytics_cube_add_cells(PG_FUNCTION_ARGS) {
  SumTable& sums = state_argument(fcinfo);
  raise_unless_ok(calytics::core::add_cube(sums, tally_argument(fcinfo, 1), PG_GETARG_INT64(2)));
  PG_RETURN_POINTER(&sums);
}

Datum calytics_cube_result(PG_FUNCTION_ARGS) {
  if (PG_ARGISNULL(0)) PG_RETURN_NULL();
  return cube_datum(*reinterpret_cast<SumTable*>(PG_GETARG_POINTER(0)));
}

Datum calytics_cube_plus(PG_FUNCTION_ARGS) {
  SumTable sums(memory_of(CurrentMemoryContext));
  raise_unless_ok(calytics::core::add_cube(sums, tally_argument(fcinfo, 0), 1));
  raise_unless_ok(calytics::core::add_cube(sums, tally_argument(fcinfo, 1), 1));
  return cube_datum(sums);
}

Datum calytics_cube_split(PG_FUNCTION_ARGS) {
  SumTable sums(memory_of(CurrentMemoryContext));
  raise_unless_ok(calytics::core::add_cube(sums, tally_argument(fcinfo, 0),
                                           calytics::glue::split_named(text_argument(fcinfo, 1)),
                                           memory_of(CurrentMemoryContext)));
  return cube_datum(sums);
}

Datum calytics_cube_cells(PG_FUNCTION_ARGS) {
  InitMaterializedSRF(fcinfo, 0);
  auto* result = reinterpret_cast<ReturnSetInfo*>(fcinfo->resultinfo);
  CubeReader cells(tally_argument(fcinfo, 0));
  while (cells.next()) {
    raise_unless_ok(calytics::core::check_tally(cells.counts()));
    std::array<Datum, 4> values = {text_datum(cells.key().service), text_datum(cells.key().host),
                                   text_datum(cells.key().currency), text_datum(cells.counts())};
    std::array<bool, 4> nulls = {};
    tuplestore_putvalues(result->setResult, result->setDesc, values.data(), nulls.data());
  }
  raise_unless_ok(cells.status());
  return Datum{0};
}
