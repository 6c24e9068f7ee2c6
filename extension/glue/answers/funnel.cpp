// The aggregate calytics.funnel_times: one session's events to the times at which it reached the
// steps of a funnel.

#include "glue/pg/pg.hpp"

#include "core/tracking/funnel.hpp"

#include <algorithm>

CALYTICS_SQL_FUNCTION(calytics_funnel_add);
CALYTICS_SQL_FUNCTION(calytics_funnel_times);

namespace {

using calytics::core::FunnelEvent;
using calytics::glue::bytes_of;

struct FunnelState {
  MemoryContext memory;
  FunnelEvent* events;
  std::size_t size;
  std::size_t room;
  Datum* names;          // of the steps
  std::uint32_t* types;  // of the steps
  int steps;
  std::int64_t window;
  bool strict;
};

std::string_view name_at(const FunnelState& state, int step) {
  return bytes_of(reinterpret_cast<const varlena*>(DatumGetPointer(state.names[step])));
}

// The first step of that name; the number of steps if there is none.
int step_named(const FunnelState& state, std::string_view name) {
  int step = 0;
  while (step < state.steps && name_at(state, step) != name)
    ++step;
  return step;
}

FunnelState* new_state(FunctionCallInfo fcinfo, MemoryContext memory) {
  for (int i = 3; i < 6; ++i) {
    if (PG_ARGISNULL(i)) {
      ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
                      errmsg("a funnel's steps, window and strictness can't be NULL")));
    }
  }
  MemoryContext before = MemoryContextSwitchTo(memory);
  auto* state = static_cast<FunnelState*>(palloc0(sizeof(FunnelState)));
  state->memory = memory;
  bool* nulls = nullptr;
  deconstruct_array(PG_GETARG_ARRAYTYPE_P_COPY(3), TEXTOID, -1, false, TYPALIGN_INT, &state->names,
                    &nulls, &state->steps);
  state->types = static_cast<std::uint32_t*>(
      palloc(sizeof(std::uint32_t) * static_cast<std::size_t>(state->steps + 1)));
  for (int step = 0; step < state->steps; ++step) {
    if (nulls[step])
      ereport(ERROR,
              (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("a step of a funnel is NULL")));
    state->types[step] = static_cast<std::uint32_t>(step_named(*state, name_at(*state, step)));
  }
  const Interval* window = PG_GETARG_INTERVAL_P(4);
  constexpr std::int64_t days_of_a_month = 30;
  state->window = window->time + (window->day + days_of_a_month * window->month) * USECS_PER_DAY;
  state->strict = PG_GETARG_BOOL(5);
  MemoryContextSwitchTo(before);
  return state;
}

}  // namespace

Datum calytics_funnel_add(PG_FUNCTION_ARGS) {
  MemoryContext memory = nullptr;
  if (AggCheckCallContext(fcinfo, &memory) == 0) {
    ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
                    errmsg("calytics.funnel_add was called outside of an aggregate")));
  }
  auto* state = PG_ARGISNULL(0) ? new_state(fcinfo, memory)
                                : reinterpret_cast<FunnelState*>(PG_GETARG_POINTER(0));
  if (PG_ARGISNULL(1) || PG_ARGISNULL(2)) PG_RETURN_POINTER(state);
  const int step = step_named(*state, bytes_of(PG_GETARG_VARLENA_PP(1)));
  if (step == state->steps) PG_RETURN_POINTER(state);
  if (state->size == state->room) {
    const std::size_t room = std::max<std::size_t>(8, 2 * state->room);
    auto* events = static_cast<FunnelEvent*>(
        MemoryContextAllocHuge(state->memory, sizeof(FunnelEvent) * room));
    std::copy(state->events, state->events + state->size, events);
    if (state->events != nullptr) pfree(state->events);
    state->events = events;
    state->room = room;
  }
  state->events[state->size++] = {PG_GETARG_TIMESTAMPTZ(2), static_cast<std::uint32_t>(step)};
  PG_RETURN_POINTER(state);
}

Datum calytics_funnel_times(PG_FUNCTION_ARGS) {
  if (PG_ARGISNULL(0)) PG_RETURN_NULL();
  auto* state = reinterpret_cast<FunnelState*>(PG_GETARG_POINTER(0));
  const auto steps = static_cast<std::size_t>(state->steps);
  auto* times = static_cast<std::int64_t*>(palloc(sizeof(std::int64_t) * (steps + 1)));
  const std::size_t reached = calytics::core::walk_funnel(
      {state->events, state->size}, {state->types, steps}, state->window, state->strict, times);
  auto* values = static_cast<Datum*>(palloc(sizeof(Datum) * (reached + 1)));
  for (std::size_t i = 0; i < reached; ++i)
    values[i] = TimestampTzGetDatum(times[i]);
  PG_RETURN_POINTER(
      construct_array(values, static_cast<int>(reached), TIMESTAMPTZOID, 8, true, TYPALIGN_DOUBLE));
}
