#include "track_changes.hpp"

#include <algorithm>

#include "rows.hpp"
#include "track_reads.hpp"

namespace calytics::glue {

namespace {

using core::FunnelFact;
using core::SessionFact;
using core::TrackedEvent;

// Those of an id, in rows that are sorted by it; `next` is where the one before ended.
template <typename Row, typename Id>
std::span<Row> rows_with(std::span<Row> rows, std::string_view id, std::size_t& next, Id id_of) {
  while (next < rows.size() && id_of(rows[next]) < id)
    ++next;
  const std::size_t first = next;
  while (next < rows.size() && id_of(rows[next]) == id)
    ++next;
  return rows.subspan(first, next - first);
}

// All that is there of a session, or will be.
struct Facts {
  std::span<SessionRow> sessions;
  std::span<FunnelRow> funnels;
};

void put_sessions(const TrackCall& call, std::string_view id, std::span<const SessionRow> before,
                  std::span<const SessionFact> after) {
  std::size_t b = 0;
  std::size_t a = 0;
  while (b < before.size() || a < after.size()) {
    const bool gone =
        a == after.size() || (b < before.size() && before[b].fact.began_at < after[a].began_at);
    const bool is_new =
        b == before.size() || (a < after.size() && after[a].began_at < before[b].fact.began_at);
    const SessionFact* was = is_new ? nullptr : &before[b++].fact;
    const SessionFact* is = gone ? nullptr : &after[a++];
    if (was == nullptr || is == nullptr || !(*was == *is))
      call.sinks->session(call.sinks->context, {id, was, is});
  }
}

void put_funnels(const TrackCall& call, std::string_view id, std::span<const FunnelRow> before,
                 std::span<const FunnelFact> after) {
  std::size_t b = 0;
  std::size_t a = 0;
  while (b < before.size() || a < after.size()) {
    const bool gone =
        a == after.size() || (b < before.size() && before[b].fact.service < after[a].service);
    const bool is_new =
        b == before.size() || (a < after.size() && after[a].service < before[b].fact.service);
    const FunnelFact* was = is_new ? nullptr : &before[b++].fact;
    const FunnelFact* is = gone ? nullptr : &after[a++];
    if (was == nullptr || is == nullptr || !(*was == *is))
      call.sinks->funnel(call.sinks->context, {id, was, is});
  }
}

template <typename Fact>
std::span<Fact> array_for(const TrackCall& call, std::size_t size) {
  return {static_cast<Fact*>(MemoryContextAlloc(call.memory, sizeof(Fact) * (size + 1))), size};
}

// False if the session's facts don't tell what its new events make of them.
bool join(const TrackCall& call, std::string_view id, const Facts& before,
          std::span<const TrackedEvent> events) {
  const std::span<FunnelFact> room =
      array_for<FunnelFact>(call, before.funnels.size() + events.size());
  std::size_t size = 0;
  for (const FunnelRow& row : before.funnels)
    room[size++] = row.fact;
  for (const TrackedEvent& event : events) {
    if (!concerns_funnel(event)) continue;
    const auto funnels = room.first(size);
    auto funnel = std::ranges::find(funnels, event.service, &FunnelFact::service);
    if (funnel == funnels.end()) room[size++] = {};
    if (!core::add_to_funnel(*funnel, event)) return false;
  }
  const auto funnels = room.first(size);
  std::ranges::sort(funnels, {}, &FunnelFact::service);
  const std::span<SessionFact> sessions =
      array_for<SessionFact>(call, before.sessions.size() + events.size());
  std::size_t parts = 0;
  for (const SessionRow& row : before.sessions)
    sessions[parts++] = row.fact;
  for (const TrackedEvent& event : events)
    sessions[parts++] = session_of(event);
  put_sessions(call, id, before.sessions, sessions.first(core::join_sessions(sessions)));
  put_funnels(call, id, before.funnels, funnels);
  return true;
}

bool is_frozen(const TrackCall& call, const Facts& facts) {
  return std::any_of(
             facts.sessions.begin(), facts.sessions.end(),
             [&](const SessionRow& row) { return row.fact.received_first < call.kept_from; }) ||
         std::any_of(facts.funnels.begin(), facts.funnels.end(), [&](const FunnelRow& row) {
           return row.fact.received_first < call.kept_from;
         });
}

std::string_view id_of(const SessionRow& row) {
  return row.session;
}
std::string_view id_of(const FunnelRow& row) {
  return row.session;
}
std::string_view id_of(const TrackedEvent& event) {
  return event.session;
}

constexpr auto kIdOf = [](const auto& row) { return id_of(row); };

// The facts of touched sessions in turn, by id.
class Turn {
 public:
  explicit Turn(const TrackCall& call) : call_(call) {}
  Facts known(std::string_view id) {
    return {rows_with(std::span(call_.sessions.items, call_.sessions.size), id, session_, kIdOf),
            rows_with(std::span(call_.funnels.items, call_.funnels.size), id, funnel_, kIdOf)};
  }
  std::span<TrackedEvent> events(std::string_view id) {
    return rows_with(std::span(call_.events.items, call_.events.size), id, event_, kIdOf);
  }

 private:
  const TrackCall& call_;
  std::size_t session_ = 0;
  std::size_t funnel_ = 0;
  std::size_t event_ = 0;
};

void put_anew(Anew& anew) {
  const TrackCall& call = *anew.call;
  if (anew.ids.size == 0) return;
  read_anew(anew);
  Turn turn(call);
  std::size_t next_session = 0;
  std::size_t next_funnel = 0;
  for (const Touched& touched : call.touched) {
    const Facts before = turn.known(touched.id);
    if (!touched.anew) continue;
    const auto sessions = rows_with(std::span(anew.sessions.items, anew.sessions.size), touched.id,
                                    next_session, kIdOf);
    const auto funnels =
        rows_with(std::span(anew.funnels.items, anew.funnels.size), touched.id, next_funnel, kIdOf);
    List<SessionFact> sessions_after = {call.memory};
    List<FunnelFact> funnels_after = {call.memory};
    for (const SessionRow& row : sessions)
      sessions_after.put(row.fact);
    for (const FunnelRow& row : funnels)
      funnels_after.put(row.fact);
    put_sessions(call, touched.id, before.sessions, {sessions_after.begin(), sessions_after.size});
    put_funnels(call, touched.id, before.funnels, {funnels_after.begin(), funnels_after.size});
  }
}

// since: of sessions that are made anew; infinite where their facts and events tell it.
void settle(TrackCall& call, TimestampTz since) {
  if (call.touched.size == 0) return;
  read_known(call);
  Anew anew = {&call, {call.memory}, {call.memory}, {call.memory}, since};
  Turn turn(call);
  for (Touched& touched : call.touched) {
    const Facts known = turn.known(touched.id);
    const std::span<const TrackedEvent> events = turn.events(touched.id);
    if (is_frozen(call, known)) {
      touched.anew = false;
      continue;
    }
    touched.anew = touched.anew || !join(call, touched.id, known, events);
    if (!touched.anew) continue;
    anew.ids.put(text_datum(touched.id));
    for (const SessionRow& row : known.sessions)
      anew.since = std::min(anew.since, row.fact.received_first);
    for (const TrackedEvent& event : events)
      anew.since = std::min(anew.since, event.received_at);
  }
  put_anew(anew);
}

}  // namespace

void track_changes(const TrackRange& range, bool marks, MemoryContext memory,
                   const TrackSinks& sinks) {
  const bool one_part = range.parts > 1;
  std::size_t parts = range.parts;
  for (std::size_t part = range.part; part < (one_part ? range.part + 1 : parts); ++part) {
    MemoryContext own = AllocSetContextCreate(memory, "calytics track", ALLOCSET_DEFAULT_SIZES);
    TrackCall call(range, own, sinks);
    call.part = part;
    call.parts = parts;
    read_events(call);
    if (marks) read_named(call);
    settle(call, PG_INT64_MAX);
    parts = call.parts;
    MemoryContextDelete(own);
  }
}

void track_changes_of(const TrackRange& range, Datum sessions, MemoryContext memory,
                      const TrackSinks& sinks) {
  TrackCall call(range, memory, sinks);
  for_each_text(DatumGetArrayTypeP(sessions), [&](std::string_view id) {
    call.touched.put({id, true});
  });
  std::sort(call.touched.begin(), call.touched.end(),
            [](const Touched& a, const Touched& b) { return a.id < b.id; });
  const auto* const end =
      std::unique(call.touched.begin(), call.touched.end(),
                  [](const Touched& a, const Touched& b) { return a.id == b.id; });
  call.touched.size = static_cast<std::size_t>(end - call.touched.begin());
  settle(call, range.since);
}

}  // namespace calytics::glue
