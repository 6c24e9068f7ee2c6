#include "glue/sums/steps_ahead.hpp"

extern "C" {
#include "utils/memutils.h"
}

#include <algorithm>

#include "core/tracking/track_counts.hpp"
#include "glue/facts/track_rows.hpp"
#include "glue/sums/feed.hpp"
#include "glue/sums/tracked_sums.hpp"

namespace calytics::glue {

namespace {

// How long after its first step a funnel may have another.
constexpr std::int64_t kWindow = core::kDay;

struct Funnel {
  TimestampTz last_at;
  std::string_view service;
  std::array<std::int64_t, core::kFunnelSteps> reached;
  std::size_t steps;

  std::span<const std::int64_t> ways() const { return {reached.data(), steps}; }
};

// A moment, and when the funnels began that spans of that moment are about.
struct Moment {
  TimestampTz at;
  TimestampTz lo;
  TimestampTz hi;
};

}  // namespace

// Funnels that have steps after some moment, as it moves on.
struct FunnelAhead {
  MemoryContext memory;
  LookAhead known;  // moments
  TimestampTz lo;   // when these funnels began
  TimestampTz hi;
  List<Funnel> funnels;

  bool covers(const Moment& moment) const {
    return known.covers(moment.at, moment.at) && lo <= moment.lo && moment.hi <= hi;
  }
};

namespace {

void take_funnel(void* context, const Datum* values, const bool* /*nulls*/) {
  auto& funnels = *static_cast<List<Funnel>*>(context);
  const ArrayType* reached = DatumGetArrayTypeP(values[2]);
  Funnel funnel = {
      DatumGetTimestampTz(values[0]),
      kept_text(values[1], false, funnels.memory),
      {},
      std::min(static_cast<std::size_t>(ArrayGetNItems(ARR_NDIM(reached), ARR_DIMS(reached))),
               core::kFunnelSteps)};
  std::copy_n(reinterpret_cast<const std::int64_t*>(ARR_DATA_PTR(reached)), funnel.steps,
              funnel.reached.begin());
  funnels.put(funnel);
}

void read(std::int32_t source, const Moment& moment, List<Funnel>& funnels) {
  static const Oid types[] = {INT4OID, TIMESTAMPTZOID, TIMESTAMPTZOID, TIMESTAMPTZOID};
  static Statement query("select f.* from calytics.funnels_ahead($1, $2, $3, $4) f", types);
  const std::array<Datum, 4> values = {Int32GetDatum(source), TimestampTzGetDatum(moment.at),
                                       TimestampTzGetDatum(moment.lo),
                                       TimestampTzGetDatum(moment.hi)};
  query.run(values.data(), nullptr, take_funnel, &funnels);
}

void add_steps(Reader& reader, const Span& span, const Funnel& funnel, TimestampTz as_of,
               std::int64_t weight) {
  core::TrackCounts counts;
  const std::size_t size = core::count_steps(funnel.ways(), as_of, counts);
  std::array<std::uint8_t, core::TallyWriter::room(core::kMostTrackCounts)> room;
  core::TallyWriter writer(room.data());
  for (std::size_t i = 0; i < size; ++i)
    writer.put(counts[i].index, counts[i].count);
  add_tracked(reader, span, funnel.reached[0], {funnel.service, {}, {}},
              {reinterpret_cast<const char*>(room.data()),
               static_cast<std::size_t>(writer.end() - room.data())},
              weight);
}

void take_back(Reader& reader, TimestampTz moment, const List<Funnel>& funnels) {
  for (const Funnel& funnel : funnels) {
    if (funnel.last_at <= moment) continue;
    for (const Span& span : reader.sums->spans().all) {
      if (span.basis_name != "funnel" || span.as_of != moment || !within(span, funnel.reached[0]))
        continue;
      add_steps(reader, span, funnel, moment, 1);
      add_steps(reader, span, funnel, DT_NOEND, -1);
    }
  }
}

// The moments of spans that lie before what buckets know of, each with its widest range.
List<Moment> moments_of(const Reader& reader) {
  List<Moment> moments = {CurrentMemoryContext};
  for (const Span& span : reader.sums->spans().all) {
    if (span.basis_name != "funnel" || span.as_of > reader.tracked_until) continue;
    Moment* const same = std::find_if(moments.begin(), moments.end(),
                                      [&](const Moment& m) { return m.at == span.as_of; });
    const TimestampTz lo = std::max(span.lo, span.as_of - kWindow);
    if (same == moments.end()) {
      moments.put({span.as_of, lo, span.hi});
    } else {
      same->lo = std::min(same->lo, lo);
      same->hi = std::max(same->hi, span.hi);
    }
  }
  return moments;
}

void look_ahead(const Reader& reader, const Moment& moment, FunnelAhead& ahead) {
  MemoryContextReset(ahead.memory);
  ahead.funnels = {ahead.memory};
  ahead.known.begin(moment.at, moment.at);
  ahead.lo = moment.lo;
  ahead.hi = moment.hi + ahead.known.reach;
  read(reader.source, {moment.at, ahead.lo, ahead.hi}, ahead.funnels);
  ahead.known.learn(ahead.funnels.size);
}

}  // namespace

StepsAhead::StepsAhead(std::size_t moments, MemoryContext memory)
    : moments_(static_cast<FunnelAhead*>(MemoryContextAlloc(memory, moments * sizeof(FunnelAhead))),
               moments) {
  for (FunnelAhead& ahead : moments_) {
    ahead = {};
    ahead.memory = AllocSetContextCreate(memory, "calytics steps", ALLOCSET_SMALL_SIZES);
  }
}

void StepsAhead::take_back(Reader& reader) {
  const List<Moment> moments = moments_of(reader);
  for (std::size_t i = 0; i < moments.size; ++i) {
    const Moment& moment = moments.items[i];
    FunnelAhead& ahead = moments_[i];
    if (!ahead.covers(moment)) look_ahead(reader, moment, ahead);
    glue::take_back(reader, moment.at, ahead.funnels);
  }
}

void StepsAhead::forget_hour(const core::Rules& rules, Timestamp hour) {
  for (FunnelAhead& ahead : moments_) {
    if (ahead.known.lo == ahead.known.hi) continue;
    const TimestampTz begins = hour_begins(rules, hour);
    if (begins < ahead.hi && hour_ends(rules, hour, begins) > ahead.lo) ahead.known.forget();
  }
}

void take_back_steps(Reader& reader) {
  for (const Moment& moment : moments_of(reader)) {
    List<Funnel> funnels = {CurrentMemoryContext};
    read(reader.source, moment, funnels);
    take_back(reader, moment.at, funnels);
  }
}

}  // namespace calytics::glue
