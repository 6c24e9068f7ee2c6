// What is pending of what is tracked, in the spans that it belongs to.

#include "core/tracking/track_counts.hpp"
#include "glue/facts/origin_labels.hpp"
#include "glue/facts/track_changes.hpp"
#include "glue/sums/feed.hpp"
#include "glue/sums/tracked_sums.hpp"

namespace calytics::glue {

namespace {

using core::CubeKey;

// What is pending, on its way to the spans that it belongs to.
struct Pending {
  Reader* reader;
  List<OriginCount> origins;
};

std::string_view tally_bytes(const core::TrackCounts& counts, std::size_t size,
                             std::uint8_t* room) {
  core::TallyWriter writer(room);
  for (std::size_t i = 0; i < size; ++i)
    writer.put(counts[i].index, counts[i].count);
  return {reinterpret_cast<const char*>(room), static_cast<std::size_t>(writer.end() - room)};
}

using TallyRoom = std::array<std::uint8_t, core::TallyWriter::room(core::kMostTrackCounts)>;

void add_to(Reader& reader, const Span& span, TimestampTz at, const CubeKey& key,
            const core::TrackCounts& counts, std::size_t size, std::int64_t weight) {
  Collector& sums = *reader.sums;
  if (!sums.lets(key.service, key.host)) return;
  TallyRoom room;
  sums.add(span, false, local_time(sums.rules(), at), key, tally_bytes(counts, size, room.data()),
           weight);
}

void add_event(void* context, const PendingEvent& pending) {
  Reader& reader = *static_cast<Pending*>(context)->reader;
  core::TrackCounts counts;
  std::size_t size = 0;
  for (const Span& span : reader.sums->spans().all) {
    if (span.basis_name != "tracking" || !within(span, pending.event.at)) continue;
    if (size == 0) size = core::count_event(pending.counted, counts);
    add_to(reader, span, pending.event.at, {pending.event.service, {}, {}}, counts, size, 1);
  }
}

void add_session_fact(Pending& pending, const core::SessionFact& fact, std::int64_t weight) {
  Reader& reader = *pending.reader;
  core::TrackCounts counts;
  const std::size_t size = core::count_session(fact.claimed, fact.booked, counts);
  bool has_origins = false;
  for (const Span& span : reader.sums->spans().all) {
    if (!within(span, fact.began_at)) continue;
    has_origins = has_origins || span.basis_name == "origin";
    if (span.basis_name == "session") add_to(reader, span, fact.began_at, {}, counts, size, weight);
  }
  if (has_origins) put_origins(pending.origins, fact, weight);
}

void add_session(void* context, const SessionChange& change) {
  auto& pending = *static_cast<Pending*>(context);
  if (change.before != nullptr) add_session_fact(pending, *change.before, -1);
  if (change.after != nullptr) add_session_fact(pending, *change.after, 1);
}

void add_funnel_fact(Pending& pending, const core::FunnelFact& fact, std::int64_t weight) {
  if (fact.steps == 0) return;
  for (const Span& span : pending.reader->sums->spans().all) {
    if (span.basis_name != "funnel" || !within(span, fact.reached[0])) continue;
    core::TrackCounts counts;
    const TimestampTz by = fact.reached[0] <= span.as_of ? span.as_of : DT_NOEND;
    const std::size_t size = core::count_steps(fact.ways(), by, counts);
    add_to(*pending.reader, span, fact.reached[0], {fact.service, {}, {}}, counts, size, weight);
  }
}

void add_funnel(void* context, const FunnelChange& change) {
  auto& pending = *static_cast<Pending*>(context);
  if (change.before != nullptr) add_funnel_fact(pending, *change.before, -1);
  if (change.after != nullptr) add_funnel_fact(pending, *change.after, 1);
}

}  // namespace

void add_pending(Reader& reader) {
  MemoryContext memory = CurrentMemoryContext;
  Pending pending = {&reader, {memory}};
  const TrackSinks sinks = {&pending, add_session, add_funnel, add_event};
  track_changes({reader.source, reader.segment, PG_INT64_MAX, reader.since}, reader.marks, memory,
                sinks, {reader.run, reader.state_table});
  label_origins(pending.origins, reader.source);
  for (const OriginCount& origin : pending.origins) {
    core::TrackCounts counts;
    const std::size_t size = core::count_session(origin.claimed, origin.booked, counts);
    for (const Span& span : reader.sums->spans().all) {
      if (span.basis_name == "origin" && within(span, origin.at))
        add_to(reader, span, origin.at, {origin.name, origin.kind, {}}, counts, size,
               origin.weight);
    }
  }
}

}  // namespace calytics::glue
