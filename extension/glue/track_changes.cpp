#include "track_changes.hpp"

#include <algorithm>
#include <functional>
#include <tuple>

#include "reader.hpp"
#include "rows.hpp"

namespace calytics::glue {

namespace {

using core::FunnelFact;
using core::SessionFact;
using core::TrackedEvent;

// A session that is looked at.
struct Touched {
  std::string_view id;
  bool anew;
};

// Of more events than this only those of a part of the sessions are in memory at once.
constexpr std::size_t kAtOnce = 500'000;

struct Call {
  TrackRange range;
  MemoryContext memory;
  const TrackSinks* sinks;
  List<TrackedEvent> events;  // of people; by session and time once they are read
  List<Touched> touched;
  List<SessionRow> sessions;  // as the buckets know them, by id and beginning
  List<FunnelRow> funnels;    // by id and service
  TimestampTz kept_from = core::kNever;
  std::size_t part = 0;
  std::size_t parts = 1;

  bool has(std::string_view session) const {
    return parts == 1 || std::hash<std::string_view>{}(session) % parts == part;
  }

  Call(const TrackRange& of, MemoryContext in, const TrackSinks& to)
      : range(of), memory(in), sinks(&to), events{in}, touched{in}, sessions{in}, funnels{in} {}
};

Datum low_of(const Call& call) {
  return Int64GetDatum(call.range.low);
}

void take_smaller_part(Call& call) {
  call.parts *= 2;
  const auto* const end =
      std::remove_if(call.events.begin(), call.events.end(),
                     [&](const TrackedEvent& event) { return !call.has(event.session); });
  call.events.size = static_cast<std::size_t>(end - call.events.begin());
}

void take_event(void* context, const Datum* values, const bool* nulls) {
  Call& call = *static_cast<Call*>(context);
  PendingEvent pending = {};
  pending.type = text_of(values[4]);
  pending.bot = DatumGetBool(values[7]);
  pending.late = DatumGetBool(values[12]);
  pending.removed = {values[13], nulls[13]};
  pending.duration = {values[14], nulls[14]};
  pending.visitor = nulls[15] ? nullptr : DatumGetUUIDP(values[15]);
  TrackedEvent& event = pending.event;
  event.at = DatumGetTimestampTz(values[2]);
  event.received_at = DatumGetTimestampTz(values[3]);
  event.kind = core::event_kind(pending.type);
  event.service = text_of(values[1]);
  if (!pending.bot && call.has(text_of(values[0]))) {
    event.session = kept_text(values[0], false, call.memory);
    event.service = kept_text(values[1], false, call.memory);
    event.id = kept_text(values[5], nulls[5], call.memory);
    event.uid = kept_text(values[6], nulls[6], call.memory);
    for (std::size_t i = 0; i < event.origin.size(); ++i)
      event.origin[i] = kept_text(values[8 + i], nulls[8 + i], call.memory);
    call.events.put(event);
    if (call.events.size > kAtOnce && call.range.parts == 1 && call.part == 0)
      take_smaller_part(call);
  }
  if (call.sinks->event != nullptr && call.part == 0)
    call.sinks->event(call.sinks->context, pending);
}

void read_events(Call& call) {
  static const Oid types[] = {INT4OID, INT8OID, INT8OID, TIMESTAMPTZOID};
  static Statement query(
      "select e.session_id, e.service, e.occurred_at, e.received_at, e.event_type, e.event_id,"
      "    case when e.booking_uid is not null then ("
      "      select b.uid from calytics.booking b"
      "       where b.source_id = $1 and b.uid = e.booking_uid) end,"
      "    e.bot, e.utm_source, e.utm_medium, e.utm_campaign, e.referrer_host, e.late, e.removed,"
      "    e.duration, e.visitor"
      "  from calytics.event e"
      " where e.segment >= $2 and e.segment < $3 and e.source_id = $1 and e.received_at >= $4",
      types);
  const std::array<Datum, 4> values = {Int32GetDatum(call.range.source), low_of(call),
                                       Int64GetDatum(call.range.below),
                                       TimestampTzGetDatum(call.range.since)};
  query.run(values.data(), nullptr, take_event, &call);
  std::sort(call.events.begin(), call.events.end(),
            [](const TrackedEvent& a, const TrackedEvent& b) {
              return std::tie(a.session, a.at) < std::tie(b.session, b.at);
            });
  for (const TrackedEvent& event : call.events) {
    if (call.touched.size == 0 || call.touched.end()[-1].id != event.session)
      call.touched.put({event.session, false});
  }
}

void take_named(void* context, const Datum* values, const bool* /*nulls*/) {
  Call& call = *static_cast<Call*>(context);
  if (call.has(text_of(values[0])))
    call.touched.put({kept_text(values[0], false, call.memory), true});
}

// Sessions that named bookings that webhooks told of, or that are no more.
void read_named(Call& call) {
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

void take_session(void* context, const Datum* values, const bool* nulls) {
  Call& call = *static_cast<Call*>(context);
  call.sessions.put(session_row(values, nulls, call.memory));
}

void take_funnel(void* context, const Datum* values, const bool* nulls) {
  Call& call = *static_cast<Call*>(context);
  call.funnels.put(funnel_row(values, nulls, call.memory));
}

void take_kept_from(void* context, const Datum* values, const bool* nulls) {
  if (!nulls[0]) static_cast<Call*>(context)->kept_from = DatumGetTimestampTz(values[0]);
}

void sort(List<SessionRow>& rows) {
  std::sort(rows.begin(), rows.end(), [](const SessionRow& a, const SessionRow& b) {
    return std::tie(a.session, a.fact.began_at) < std::tie(b.session, b.fact.began_at);
  });
}

void sort(List<FunnelRow>& rows) {
  std::sort(rows.begin(), rows.end(), [](const FunnelRow& a, const FunnelRow& b) {
    return std::tie(a.session, a.fact.service) < std::tie(b.session, b.fact.service);
  });
}

void read_known(Call& call) {
  static const Oid types[] = {INT4OID, TEXTARRAYOID};
  static Statement sessions(
      "select " CALYTICS_SESSION_COLUMNS("x")
      "  from unnest($2) i (id) cross join lateral ("
      "    select s.* from calytics.tracked_session s"
      "     where s.source_id = $1 and s.session_id = i.id offset 0) x",
      types);
  static Statement funnels(
      "select " CALYTICS_FUNNEL_COLUMNS("x")
      "  from unnest($2) i (id) cross join lateral ("
      "    select f.* from calytics.funnel f"
      "     where f.source_id = $1 and f.session_id = i.id offset 0) x",
      types);
  static Statement policy("select t.kept_from from calytics.tracking t where t.source_id = $1",
                          types);
  auto* ids = static_cast<Datum*>(palloc(sizeof(Datum) * (call.touched.size + 1)));
  for (std::size_t i = 0; i < call.touched.size; ++i)
    ids[i] = text_datum(call.touched.items[i].id);
  const std::array<Datum, 2> values = {Int32GetDatum(call.range.source),
                                       array_of(ids, call.touched.size, TEXTOID)};
  sessions.run(values.data(), nullptr, take_session, &call);
  funnels.run(values.data(), nullptr, take_funnel, &call);
  policy.run(values.data(), nullptr, take_kept_from, &call);
  sort(call.sessions);
  sort(call.funnels);
}

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

void put_sessions(const Call& call, std::string_view id, std::span<const SessionRow> before,
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

void put_funnels(const Call& call, std::string_view id, std::span<const FunnelRow> before,
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
std::span<Fact> array_for(const Call& call, std::size_t size) {
  return {static_cast<Fact*>(MemoryContextAlloc(call.memory, sizeof(Fact) * (size + 1))), size};
}

// False if the session's facts don't tell what its new events make of them.
bool join(const Call& call, std::string_view id, const Facts& before,
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

bool is_frozen(const Call& call, const Facts& facts) {
  return std::any_of(
             facts.sessions.begin(), facts.sessions.end(),
             [&](const SessionRow& row) { return row.fact.received_first < call.kept_from; }) ||
         std::any_of(facts.funnels.begin(), facts.funnels.end(), [&](const FunnelRow& row) {
           return row.fact.received_first < call.kept_from;
         });
}

// Sessions made anew, and what there was of them.
struct Anew {
  Call* call;
  List<Datum> ids;
  List<SessionRow> sessions;
  List<FunnelRow> funnels;
  TimestampTz since = PG_INT64_MAX;
};

void take_new_session(void* context, const Datum* values, const bool* nulls) {
  auto& anew = *static_cast<Anew*>(context);
  anew.sessions.put(session_row(values, nulls, anew.call->memory));
}

void take_new_funnel(void* context, const Datum* values, const bool* nulls) {
  auto& anew = *static_cast<Anew*>(context);
  anew.funnels.put(funnel_row(values, nulls, anew.call->memory));
}

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
      TimestampTzGetDatum(std::max(anew.since, anew.call->kept_from)),
      Int64GetDatum(anew.call->range.below)};
  sessions.run(values.data(), nullptr, take_new_session, &anew);
  funnels.run(values.data(), nullptr, take_new_funnel, &anew);
  sort(anew.sessions);
  sort(anew.funnels);
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
  explicit Turn(const Call& call) : call_(call) {}
  Facts known(std::string_view id) {
    return {rows_with(std::span(call_.sessions.items, call_.sessions.size), id, session_, kIdOf),
            rows_with(std::span(call_.funnels.items, call_.funnels.size), id, funnel_, kIdOf)};
  }
  std::span<TrackedEvent> events(std::string_view id) {
    return rows_with(std::span(call_.events.items, call_.events.size), id, event_, kIdOf);
  }

 private:
  const Call& call_;
  std::size_t session_ = 0;
  std::size_t funnel_ = 0;
  std::size_t event_ = 0;
};

void put_anew(Anew& anew) {
  const Call& call = *anew.call;
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
void settle(Call& call, TimestampTz since) {
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
    Call call(range, own, sinks);
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
  Call call(range, memory, sinks);
  for_each_text(DatumGetArrayTypeP(sessions), [&](std::string_view id) {
    call.touched.put({id, true});
  });
  std::sort(call.touched.begin(), call.touched.end(),
            [](const Touched& a, const Touched& b) { return a.id < b.id; });
  settle(call, range.since);
}

}  // namespace calytics::glue
