#include "glue/facts/pending_events.hpp"

extern "C" {
#include "access/xact.h"
#include "utils/memutils.h"
}

#include <algorithm>

#include "glue/facts/snapshot_view.hpp"
#include "glue/facts/track_changes.hpp"
#include "glue/facts/track_rows.hpp"
#include "glue/pg/list.hpp"
#include "glue/pg/parameters.hpp"
#include "glue/pg/settings.hpp"

namespace calytics::glue {

namespace {

// Of more than this nothing is kept.
constexpr std::size_t kMost = 20'000;

struct Sink {
  void (*take)(void*, const PendingEvent&);
  void* context;
};

std::string_view text_at(const Datum* values, const bool* nulls, std::size_t column) {
  return nulls[column] ? std::string_view{} : text_of(values[column]);
}

void take_row(void* context, const Datum* values, const bool* nulls) {
  PendingEvent pending = {};
  core::CountedEvent& counted = pending.counted;
  counted.type = text_of(values[4]);
  counted.bot = DatumGetBool(values[7]);
  counted.late = DatumGetBool(values[12]);
  if (!nulls[13]) counted.removed = removed_in(DatumGetArrayTypeP(values[13]));
  if (!nulls[14]) counted.duration = DatumGetInt64(values[14]);
  pending.visitor = nulls[15] ? nullptr : DatumGetUUIDP(values[15]);
  core::TrackedEvent& event = pending.event;
  event.session = text_of(values[0]);
  event.service = text_of(values[1]);
  event.at = DatumGetTimestampTz(values[2]);
  event.received_at = DatumGetTimestampTz(values[3]);
  event.kind = core::event_kind(counted.type);
  event.id = text_at(values, nulls, 5);
  event.uid = text_at(values, nulls, 6);
  for (std::size_t i = 0; i < event.origin.size(); ++i)
    event.origin[i] = text_at(values, nulls, 8 + i);
  const Sink& sink = *static_cast<Sink*>(context);
  sink.take(sink.context, pending);
}

void read(const TrackRange& range, Sink sink) {
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
  const std::array<Datum, 4> values = {Int32GetDatum(range.source), Int64GetDatum(range.low),
                                       Int64GetDatum(range.below),
                                       TimestampTzGetDatum(range.since)};
  query.run(values.data(), nullptr, take_row, &sink);
}

// What was read last.
struct Kept {
  MemoryContext memory = nullptr;
  bool whole = false;
  std::int32_t source = 0;
  std::int64_t low = 0;
  bool too_many = false;
  SnapshotView view = {};
  List<PendingEvent> events = {};

  bool is_of(const TrackRange& range) const {
    return whole && source == range.source && low == range.low;
  }
};

Kept kept;

void keep_text(std::string_view& text) {
  if (text.data() == nullptr) return;
  auto* copy = static_cast<char*>(MemoryContextAlloc(kept.memory, text.size() + 1));
  std::copy(text.begin(), text.end(), copy);
  text = {copy, text.size()};
}

void keep(void* /*context*/, const PendingEvent& pending) {
  kept.too_many = kept.too_many || kept.events.size == kMost;
  if (kept.too_many) return;
  PendingEvent& copy = kept.events.put(pending);
  copy.stays = true;
  keep_text(copy.event.session);
  keep_text(copy.event.service);
  keep_text(copy.event.id);
  keep_text(copy.event.uid);
  for (std::string_view& part : copy.event.origin)
    keep_text(part);
  keep_text(copy.counted.type);
  if (copy.visitor != nullptr) {
    auto* visitor = static_cast<pg_uuid_t*>(MemoryContextAlloc(kept.memory, sizeof(pg_uuid_t)));
    *visitor = *copy.visitor;
    copy.visitor = visitor;
  }
}

void keep_all(const TrackRange& range, const SnapshotView& view) {
  if (kept.memory == nullptr) {
    kept.memory = AllocSetContextCreate(CacheMemoryContext, "calytics pending events",
                                        ALLOCSET_DEFAULT_SIZES);
  }
  kept.whole = false;
  MemoryContextReset(kept.memory);
  kept.source = range.source;
  kept.low = range.low;
  kept.too_many = false;
  kept.events = {kept.memory};
  kept.view = copy_of(view, kept.memory);
  read(range, {keep, nullptr});
  kept.whole = true;
}

}  // namespace

bool remembers() {
  return remember() && !TransactionIdIsValid(GetTopTransactionIdIfAny());
}

void each_event(const TrackRange& range, void (*sink)(void*, const PendingEvent&), void* context) {
  bool keeps = range.below == PG_INT64_MAX && range.parts == 1 && remembers();
  // Where there were too many before a run of the folder there will be still.
  keeps = keeps && !(kept.is_of(range) && kept.too_many);
  if (keeps) {
    const SnapshotView view = active_view();
    if (!kept.is_of(range) || !(kept.view == view)) keep_all(range, view);
    keeps = !kept.too_many;
  }
  if (!keeps) {
    read(range, {sink, context});
    return;
  }
  for (const PendingEvent& event : kept.events)
    sink(context, event);
}

}  // namespace calytics::glue
