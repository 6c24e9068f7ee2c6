// calytics.track_changes: what became of sessions and funnels in a snapshot, as rows.

#include "glue/facts/track_changes.hpp"
#include "glue/pg/statement.hpp"
#include "glue/worker/folder_slots.hpp"

CALYTICS_SQL_FUNCTION(calytics_track_changes);

namespace calytics::glue {

namespace {

// An SQL function's result.
struct ChangeRows {
  ReturnSetInfo* result;
  TrackShapes shapes;
  std::int32_t source;
  MemoryContext row;  // emptied again and again
};

template <typename Change, typename MakeRow>
void put_change(const ChangeRows& rows, std::size_t column, const Change& change, MakeRow row_of) {
  std::array<Datum, 4> values = {};
  std::array<bool, 4> nulls = {true, true, true, true};
  const std::array facts = {change.before, change.after};
  MemoryContext before = MemoryContextSwitchTo(rows.row);
  for (std::size_t i = 0; i < facts.size(); ++i) {
    nulls[column + i] = facts[i] == nullptr;
    if (facts[i] != nullptr)
      values[column + i] = row_of(rows.shapes, rows.source, change.session, *facts[i]);
  }
  tuplestore_putvalues(rows.result->setResult, rows.result->setDesc, values.data(), nulls.data());
  MemoryContextSwitchTo(before);
  MemoryContextReset(rows.row);
}

void put_session_row(void* context, const SessionChange& change) {
  put_change(*static_cast<ChangeRows*>(context), 0, change, session_datum);
}

void put_funnel_row(void* context, const FunnelChange& change) {
  put_change(*static_cast<ChangeRows*>(context), 2, change, funnel_datum);
}

}  // namespace

}  // namespace calytics::glue

// track_changes(src, low, below)
Datum calytics_track_changes(PG_FUNCTION_ARGS) {
  using namespace calytics::glue;
  InitMaterializedSRF(fcinfo, 0);
  if (PG_ARGISNULL(0) || PG_ARGISNULL(1) || PG_ARGISNULL(2)) return Datum{0};
  auto* result = reinterpret_cast<ReturnSetInfo*>(fcinfo->resultinfo);
  MemoryContext memory = CurrentMemoryContext;
  ChangeRows rows = {result,
                     {},
                     PG_GETARG_INT32(0),
                     AllocSetContextCreate(memory, "calytics change", ALLOCSET_SMALL_SIZES)};
  rows.shapes = track_shapes(TupleDescAttr(result->setDesc, 0)->atttypid,
                             TupleDescAttr(result->setDesc, 2)->atttypid);
  const TrackRange range = {rows.source, PG_GETARG_INT64(1), PG_GETARG_INT64(2)};
  expect_reading();
  SPI_connect();
  track_changes(range, true, memory, {&rows, put_session_row, put_funnel_row});
  SPI_finish();
  return Datum{0};
}
