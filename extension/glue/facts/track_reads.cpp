#include "glue/facts/track_reads.hpp"

#include <algorithm>
#include <tuple>

#include "glue/pg/parameters.hpp"

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

// From the marks on, whatever the planner knows of the tables: a database that nobody has analysed
// yet has no other way that isn't quadratic.
void read_named(TrackCall& call) {
  static const Oid types[] = {INT4OID, INT8OID};
  static Statement query(
      "select n.session_id"
      "  from calytics.chain_mark m"
      " cross join lateral ("
      "   select b.uid from calytics.booking b"
      "    where b.root_uid = m.root_uid and b.source_id = $1 offset 0) b"
      " cross join lateral ("
      "   select x.session_id from calytics.named_booking x"
      "    where x.source_id = $1 and x.uid = b.uid offset 0) n"
      " where m.segment >= $2 and m.source_id = $1"
      "   and exists (select from calytics.named_booking y where y.source_id = $1)"
      " union "
      "select n.session_id"
      "  from calytics.chain_mark m"
      " cross join lateral ("
      "   select x.session_id from calytics.named_booking x"
      "    where x.source_id = $1 and x.root_uid = m.root_uid offset 0) n"
      " where m.segment >= $2 and m.source_id = $1"
      "   and exists (select from calytics.named_booking y where y.source_id = $1)"
      " union "
      "select n.session_id"
      "  from calytics.chain_mark m"
      " cross join lateral ("
      "   select x.session_id from calytics.booking_session x"
      "    where x.source_id = $1 and x.uid = m.root_uid offset 0) n"
      " where m.segment >= $2 and m.source_id = $1"
      "   and exists (select from calytics.booking_session y where y.source_id = $1)",
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

// Windows that lie no further apart are read as one.
constexpr TimestampTz kGap = USECS_PER_SEC / 2;

void take_folded(void* context, const Datum* values, const bool* nulls) {
  auto& events = *static_cast<List<TrackedEvent>*>(context);
  TrackedEvent event = {};
  event.session = kept_text(values[0], false, events.memory);
  event.service = kept_text(values[1], false, events.memory);
  event.at = DatumGetTimestampTz(values[2]);
  event.received_at = DatumGetTimestampTz(values[3]);
  event.kind = core::event_kind(text_of(values[4]));
  event.id = kept_text(values[5], nulls[5], events.memory);
  event.uid = kept_text(values[6], nulls[6], events.memory);
  for (std::size_t i = 0; i < event.origin.size(); ++i)
    event.origin[i] = kept_text(values[7 + i], nulls[7 + i], events.memory);
  events.put(event);
}

}  // namespace

void read_folded(const TrackCall& call, std::span<Window> windows, List<TrackedEvent>& events) {
  static const Oid types[] = {INT4OID, TEXTARRAYOID, TIMESTAMPTZOID, TIMESTAMPTZOID, INT8OID};
  static Statement query("select e.* from calytics.session_events($1, $2, $3, $4, $5) e", types);
  std::sort(windows.begin(), windows.end(),
            [](const Window& a, const Window& b) { return a.first < b.first; });
  auto* ids =
      static_cast<Datum*>(MemoryContextAllocHuge(events.memory, sizeof(Datum) * windows.size()));
  for (std::size_t next = 0; next < windows.size();) {
    const TimestampTz first = windows[next].first;
    TimestampTz last = windows[next].last;
    std::size_t size = 0;
    while (next < windows.size() && (size == 0 || windows[next].first - kGap <= last)) {
      last = std::max(last, windows[next].last);
      ids[size++] = text_datum(windows[next++].session);
    }
    const std::array<Datum, 5> values = {Int32GetDatum(call.range.source),
                                         array_of(ids, size, TEXTOID),
                                         TimestampTzGetDatum(std::max(first, call.known.kept_from)),
                                         TimestampTzGetDatum(last), low_of(call)};
    query.run(values.data(), nullptr, take_folded, &events);
  }
}

namespace {

void take_booking(void* context, const Datum* values, const bool* /*nulls*/) {
  auto& events = *static_cast<List<TrackedEvent>*>(context);
  TrackedEvent booking = {};
  booking.session = kept_text(values[0], false, events.memory);
  booking.service = kept_text(values[1], false, events.memory);
  booking.at = DatumGetTimestampTz(values[2]);
  booking.received_at = booking.at;
  booking.uid = kept_text(values[3], false, events.memory);
  booking.told = true;
  for (const TrackedEvent& step : core::booked_steps(booking))
    events.put(step);
}

}  // namespace

void read_booked(const TrackCall& call, std::span<const std::string_view> sessions,
                 List<TrackedEvent>& events) {
  static const Oid types[] = {INT4OID, TEXTARRAYOID};
  static Statement query("select b.* from calytics.session_bookings($1, $2) b", types);
  auto* ids = static_cast<Datum*>(palloc(sizeof(Datum) * (sessions.size() + 1)));
  std::ranges::transform(sessions, ids, text_datum);
  const std::array<Datum, 2> values = {Int32GetDatum(call.range.source),
                                       array_of(ids, sessions.size(), TEXTOID)};
  query.run(values.data(), nullptr, take_booking, &events);
}

}  // namespace calytics::glue
