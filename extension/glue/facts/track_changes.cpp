#include "glue/facts/track_changes.hpp"

#include <algorithm>

#include "glue/facts/track_reads.hpp"
#include "glue/pg/rows.hpp"

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

// Puts what events in order of time make of `facts`, of a session of which `known` is known. False
// if these facts don't tell.
bool join(const TrackCall& call, std::string_view id, const Facts& known, const Facts& facts,
          std::span<const TrackedEvent> events) {
  const std::span<FunnelFact> room =
      array_for<FunnelFact>(call, facts.funnels.size() + events.size());
  std::size_t size = 0;
  for (const FunnelRow& row : facts.funnels)
    room[size++] = row.fact;
  for (const TrackedEvent& event : events) {
    if (!concerns_funnel(event)) continue;
    const auto funnels = room.first(size);
    auto funnel = std::ranges::find(funnels, event.service, &FunnelFact::service);
    if (funnel == funnels.end()) {
      if (event.is_implied()) continue;
      room[size++] = {};
    }
    if (!core::add_to_funnel(*funnel, event)) return false;
  }
  const auto funnels = room.first(size);
  std::ranges::sort(funnels, {}, &FunnelFact::service);
  const std::span<SessionFact> sessions =
      array_for<SessionFact>(call, facts.sessions.size() + events.size());
  std::size_t parts = 0;
  for (const SessionRow& row : facts.sessions)
    sessions[parts++] = row.fact;
  for (const TrackedEvent& event : events)
    if (!event.is_implied()) sessions[parts++] = session_of(event);
  put_sessions(call, id, known.sessions,
               sessions.first(core::join_sessions(sessions.first(parts))));
  put_funnels(call, id, known.funnels, funnels);
  return true;
}

bool is_frozen(const TrackCall& call, const Facts& facts) {
  return std::any_of(facts.sessions.begin(), facts.sessions.end(),
                     [&](const SessionRow& row) {
                       return row.fact.received_first < call.known.kept_from;
                     }) ||
         std::any_of(facts.funnels.begin(), facts.funnels.end(), [&](const FunnelRow& row) {
           return row.fact.received_first < call.known.kept_from;
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
    return {rows_with(std::span(call_.known.sessions.items, call_.known.sessions.size), id,
                      session_, kIdOf),
            rows_with(std::span(call_.known.funnels.items, call_.known.funnels.size), id, funnel_,
                      kIdOf)};
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

// A session that is made anew of all its events.
struct Anew {
  std::string_view id;
  Facts known;
  std::span<const TrackedEvent> pending;
};

// Every event of people is in a session that is known, or is pending: unless these were not kept up
// to date, when all that came since a moment are looked at. A session that only bookings tell of
// has none.
void put_windows(const Anew& session, TimestampTz since, List<Window>& windows) {
  if (since != PG_INT64_MAX) {
    windows.put({since, DT_NOEND, session.id});
    return;
  }
  for (const SessionRow& row : session.known.sessions) {
    if (row.fact.events > 0)
      windows.put({row.fact.received_first, row.fact.received_last, session.id});
  }
}

TimestampTz first_received(const Anew& session) {
  TimestampTz first = DT_NOEND;
  for (const SessionRow& row : session.known.sessions)
    first = std::min(first, row.fact.received_first);
  return first;
}

void put_anew(const TrackCall& call, std::span<Anew> sessions, TimestampTz since) {
  List<Window> windows = {call.memory};
  for (const Anew& session : sessions)
    put_windows(session, since, windows);
  List<TrackedEvent> folded = {call.memory};
  read_folded(call, {windows.begin(), windows.size}, folded);
  List<std::string_view> ids = {call.memory};
  for (const Anew& session : sessions)
    ids.put(session.id);
  read_booked(call, {ids.begin(), ids.size}, folded);
  std::sort(folded.begin(), folded.end(),
            [](const TrackedEvent& a, const TrackedEvent& b) { return a.session < b.session; });
  std::ranges::sort(sessions, {}, &Anew::id);
  std::size_t next = 0;
  for (const Anew& session : sessions) {
    const auto old = rows_with(std::span(folded.items, folded.size), session.id, next, kIdOf);
    const auto events = array_for<TrackedEvent>(call, old.size() + session.pending.size());
    std::ranges::copy(session.pending, std::ranges::copy(old, events.begin()).out);
    std::ranges::sort(events, {}, &TrackedEvent::at);
    join(call, session.id, session.known, {}, events);
  }
}

// Sessions of one time after those of another: so many that what is read of them is bounded, and
// lies together.
void put_all_anew(TrackCall& call, std::span<Anew> sessions, TimestampTz since) {
  constexpr std::size_t at_once = 10'000;
  MemoryContext whole = call.memory;
  std::ranges::sort(sessions, {}, first_received);
  while (!sessions.empty()) {
    const std::size_t size = std::min(at_once, sessions.size());
    call.memory = AllocSetContextCreate(whole, "calytics sessions anew", ALLOCSET_DEFAULT_SIZES);
    put_anew(call, sessions.first(size), since);
    MemoryContextDelete(call.memory);
    call.memory = whole;
    sessions = sessions.subspan(size);
  }
}

// since: when events of sessions may have been received that their facts don't tell of; infinite
// where there are none.
void settle(TrackCall& call, TimestampTz since) {
  if (call.touched.size == 0) return;
  read_known(call);
  List<Anew> anew = {call.memory};
  Turn turn(call);
  for (const Touched& touched : call.touched) {
    const Facts known = turn.known(touched.id);
    const std::span<const TrackedEvent> events = turn.events(touched.id);
    if (is_frozen(call, known)) continue;
    if (touched.anew || !join(call, touched.id, known, known, events))
      anew.put({touched.id, known, events});
  }
  put_all_anew(call, {anew.begin(), anew.size}, since);
}

}  // namespace

void track_changes(const TrackRange& range, bool marks, MemoryContext memory,
                   const TrackSinks& sinks, const FoldRun& run) {
  const bool one_part = range.parts > 1;
  std::size_t parts = range.parts;
  for (std::size_t part = range.part; part < (one_part ? range.part + 1 : parts); ++part) {
    MemoryContext own = AllocSetContextCreate(memory, "calytics track", ALLOCSET_DEFAULT_SIZES);
    TrackCall call(range, own, sinks);
    call.run = run;
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
