#include "track_reads.hpp"

#include <algorithm>
#include <tuple>

#include "reader.hpp"

namespace calytics::glue {

namespace {

using core::TrackedEvent;

// Of more events than this only those of a part of the sessions are in memory at once.
constexpr std::size_t kAtOnce = 500'000;

Datum low_of(const TrackCall& call) {
  return Int64GetDatum(call.range.low);
}

void take_smaller_part(TrackCall& call) {
  call.parts *= 2;
  const auto* const end =
      std::remove_if(call.events.begin(), call.events.end(),
                     [&](const TrackedEvent& event) { return !call.has(event.session); });
  call.events.size = static_cast<std::size_t>(end - call.events.begin());
}

std::string_view kept(std::string_view text, MemoryContext memory) {
  if (text.data() == nullptr) return {};
  auto* copy = static_cast<char*>(MemoryContextAlloc(memory, text.size() + 1));
  std::copy(text.begin(), text.end(), copy);
  return {copy, text.size()};
}

void take_event(void* context, const PendingEvent& pending) {
  TrackCall& call = *static_cast<TrackCall*>(context);
  if (!pending.counted.bot && call.has(pending.event.session)) {
    TrackedEvent& event = call.events.put(pending.event);
    if (!pending.stays) {
      event.session = kept(event.session, call.memory);
      event.service = kept(event.service, call.memory);
      event.id = kept(event.id, call.memory);
      event.uid = kept(event.uid, call.memory);
      for (std::string_view& part : event.origin)
        part = kept(part, call.memory);
    }
    if (call.events.size > kAtOnce && call.range.parts == 1 && call.part == 0)
      take_smaller_part(call);
  }
  if (call.sinks->event != nullptr && call.part == 0)
    call.sinks->event(call.sinks->context, pending);
}

}  // namespace

void read_events(TrackCall& call) {
  each_event(call.range, take_event, &call);
  std::sort(call.events.begin(), call.events.end(),
            [](const TrackedEvent& a, const TrackedEvent& b) {
              return std::tie(a.session, a.at) < std::tie(b.session, b.at);
            });
  for (const TrackedEvent& event : call.events) {
    if (call.touched.size == 0 || call.touched.end()[-1].id != event.session)
      call.touched.put({event.session, false});
  }
}

namespace {

void take_named(void* context, const Datum* values, const bool* /*nulls*/) {
  TrackCall& call = *static_cast<TrackCall*>(context);
  if (call.has(text_of(values[0])))
    call.touched.put({kept_text(values[0], false, call.memory), true});
}

}  // namespace

void read_named(TrackCall& call) {
  static const Oid types[] = {INT4OID, INT8OID};
  static Statement query(
      "select n.session_id"
      "  from calytics.chain_mark m"
      "  join calytics.booking b on b.root_uid = m.root_uid and b.source_id = m.source_id"
      "  join calytics.named_booking n on n.source_id = b.source_id and n.uid = b.uid"
      " where m.segment >= $2 and m.source_id = $1"
      " union "
      "select n.session_id"
      "  from calytics.chain_mark m"
      "  join calytics.named_booking n on n.source_id = m.source_id and n.root_uid = m.root_uid"
      " where m.segment >= $2 and m.source_id = $1",
      types);
  const std::array<Datum, 2> values = {Int32GetDatum(call.range.source), low_of(call)};
  query.run(values.data(), nullptr, take_named, &call);
  // Each once.
  std::sort(call.touched.begin(), call.touched.end(), [](const Touched& a, const Touched& b) {
    return std::tie(a.id, b.anew) < std::tie(b.id, a.anew);
  });
  const auto* const end =
      std::unique(call.touched.begin(), call.touched.end(),
                  [](const Touched& a, const Touched& b) { return a.id == b.id; });
  call.touched.size = static_cast<std::size_t>(end - call.touched.begin());
}

void read_known(TrackCall& call) {
  auto* ids =
      static_cast<std::string_view*>(palloc(sizeof(std::string_view) * (call.touched.size + 1)));
  std::ranges::transform(call.touched, ids, &Touched::id);
  call.known = known_facts(call.range.source, call.run, {ids, call.touched.size}, call.memory);
}

namespace {

void take_new_session(void* context, const Datum* values, const bool* nulls) {
  auto& anew = *static_cast<Anew*>(context);
  anew.sessions.put(session_row(values, nulls, anew.call->memory));
}

void take_new_funnel(void* context, const Datum* values, const bool* nulls) {
  auto& anew = *static_cast<Anew*>(context);
  anew.funnels.put(funnel_row(values, nulls, anew.call->memory));
}

}  // namespace

void read_anew(Anew& anew) {
  static const Oid types[] = {INT4OID, TEXTARRAYOID, TIMESTAMPTZOID, INT8OID};
  static Statement sessions(
      "select " CALYTICS_SESSION_COLUMNS("t") "  from calytics.track_sessions($1, $2, $3, $4) t",
      types);
  static Statement funnels(
      "select " CALYTICS_FUNNEL_COLUMNS("t") "  from calytics.track_funnels($1, $2, $3, $4) t",
      types);
  const std::array<Datum, 4> values = {
      Int32GetDatum(anew.call->range.source), array_of(anew.ids.items, anew.ids.size, TEXTOID),
      TimestampTzGetDatum(std::max(anew.since, anew.call->known.kept_from)),
      Int64GetDatum(anew.call->range.below)};
  sessions.run(values.data(), nullptr, take_new_session, &anew);
  funnels.run(values.data(), nullptr, take_new_funnel, &anew);
  sort(anew.sessions);
  sort(anew.funnels);
}

}  // namespace calytics::glue
