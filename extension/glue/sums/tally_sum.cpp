// The aggregates calytics.sum(tally) and calytics.sum(tally, weight). A state is two small chunks
// in the aggregate's memory context, for there may be hundreds of thousands of groups; it grows by
// half, for a group may have thousands of rows.

#include "glue/pg/pg.hpp"

#include "core/metrics/tally_sum.hpp"

#include <algorithm>

#include "glue/sums/tally.hpp"

CALYTICS_SQL_FUNCTION(calytics_tally_sum_add);
CALYTICS_SQL_FUNCTION(calytics_tally_sum_combine);
CALYTICS_SQL_FUNCTION(calytics_tally_sum_serialize);
CALYTICS_SQL_FUNCTION(calytics_tally_sum_deserialize);
CALYTICS_SQL_FUNCTION(calytics_tally_sum_result);

namespace {

using calytics::core::TallySum;
using calytics::glue::NewTally;
using calytics::glue::raise_unless_ok;
using calytics::glue::tally_argument;

struct SumState {
  TallySum sum;
  std::uint32_t room;
};

MemoryContext aggregate_context(FunctionCallInfo fcinfo) {
  MemoryContext context = nullptr;
  if (AggCheckCallContext(fcinfo, &context) == 0) {
    ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
                    errmsg("a function of calytics.sum was called outside of an aggregate")));
  }
  return context;
}

SumState* state_argument(FunctionCallInfo fcinfo, int argument) {
  return PG_ARGISNULL(argument) ? nullptr
                                : reinterpret_cast<SumState*>(PG_GETARG_POINTER(argument));
}

SumState* new_state(MemoryContext context) {
  return static_cast<SumState*>(MemoryContextAllocZero(context, sizeof(SumState)));
}

void make_room(SumState& state, MemoryContext context, std::uint32_t more) {
  TallySum& sum = state.sum;
  const std::uint32_t wanted = sum.size + more;
  if (wanted <= state.room) return;
  const std::uint32_t room = std::max(wanted, sum.size + sum.size / 2);
  constexpr std::size_t entry = sizeof *sum.counts + sizeof *sum.indexes;
  auto* counts = static_cast<std::int64_t*>(MemoryContextAlloc(context, entry * room));
  auto* indexes = reinterpret_cast<std::uint16_t*>(counts + room);
  if (sum.counts != nullptr) {
    memcpy(counts, sum.counts, sizeof *counts * sum.size);
    memcpy(indexes, sum.indexes, sizeof *indexes * sum.size);
    pfree(sum.counts);
  }
  sum.counts = counts;
  sum.indexes = indexes;
  state.room = room;
}

void add(SumState& state, MemoryContext context, std::string_view tally, std::int64_t weight) {
  if (weight == 0) return;
  std::uint32_t unknown = 0;
  raise_unless_ok(calytics::core::add_known(state.sum, tally, weight, unknown));
  if (unknown > 0) {
    make_room(state, context, unknown);
    raise_unless_ok(calytics::core::add_unknown(state.sum, tally, weight, unknown));
  }
}

varlena* tally_of(const TallySum& sum) {
  NewTally result(calytics::core::entries_of(sum));
  calytics::core::write_sum(sum, result.out());
  return result.finish();
}

}  // namespace

Datum calytics_tally_sum_add(PG_FUNCTION_ARGS) {
  MemoryContext context = aggregate_context(fcinfo);
  SumState* state = state_argument(fcinfo, 0);
  const bool weighted = PG_NARGS() > 2;
  if (!PG_ARGISNULL(1) && !(weighted && PG_ARGISNULL(2))) {
    if (state == nullptr) state = new_state(context);
    add(*state, context, tally_argument(fcinfo, 1), weighted ? PG_GETARG_INT64(2) : 1);
  }
  if (state == nullptr) PG_RETURN_NULL();
  PG_RETURN_POINTER(state);
}

Datum calytics_tally_sum_combine(PG_FUNCTION_ARGS) {
  MemoryContext context = aggregate_context(fcinfo);
  SumState* state = state_argument(fcinfo, 0);
  const SumState* other = state_argument(fcinfo, 1);
  if (other != nullptr) {
    if (state == nullptr) state = new_state(context);
    add(*state, context, calytics::glue::bytes_of(tally_of(other->sum)), 1);
  }
  if (state == nullptr) PG_RETURN_NULL();
  PG_RETURN_POINTER(state);
}

Datum calytics_tally_sum_serialize(PG_FUNCTION_ARGS) {
  aggregate_context(fcinfo);
  PG_RETURN_POINTER(tally_of(state_argument(fcinfo, 0)->sum));
}

Datum calytics_tally_sum_deserialize(PG_FUNCTION_ARGS) {
  aggregate_context(fcinfo);
  SumState* state = new_state(CurrentMemoryContext);
  add(*state, CurrentMemoryContext, tally_argument(fcinfo, 0), 1);
  PG_RETURN_POINTER(state);
}

Datum calytics_tally_sum_result(PG_FUNCTION_ARGS) {
  const SumState* state = state_argument(fcinfo, 0);
  if (state == nullptr) PG_RETURN_NULL();
  PG_RETURN_POINTER(tally_of(state->sum));
}
