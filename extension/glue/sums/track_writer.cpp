#include "glue/sums/track_writer.hpp"

extern "C" {
#include "utils/typcache.h"
}

#include "glue/sums/reader.hpp"

namespace calytics::glue {

namespace {

constexpr int kOriginColumn = 7;  // of calytics.tracked_session

Datum kept_datum(std::string_view text, MemoryContext memory) {
  MemoryContext before = MemoryContextSwitchTo(memory);
  const Datum copy = text_datum(text);
  MemoryContextSwitchTo(before);
  return copy;
}

// The row of that key is there, and stays unless it is written here.
void find_row(Table& table, const RowKey& key) {
  if (!table.find(key))
    ereport(ERROR, (errcode(ERRCODE_DATA_CORRUPTED),
                    errmsg("a fact of what is tracked is gone that the folder has read")));
}

}  // namespace

TrackWriter::TrackWriter(std::int32_t source, MemoryContext memory)
    : source_(source),
      sessions_("tracked_session"),
      funnels_("funnel"),
      origin_(lookup_rowtype_tupdesc_copy(sessions_.type_of(kOriginColumn), -1)),
      no_sessions_{memory},
      no_funnels_{memory} {}

void TrackWriter::put(const SessionChange& change) {
  if (change.after == nullptr) {
    MemoryContext memory = no_sessions_.memory;
    no_sessions_.put(
        {kept_datum(change.session, memory), TimestampTzGetDatum(change.before->began_at)});
    return;
  }
  const Arguments row = session_columns(origin_, source_, change.session, *change.after);
  if (change.before == nullptr) {
    sessions_.insert(row);
  } else {
    find_row(sessions_,
             RowKey().put(source_).put(change.session).put_instant(change.after->began_at));
    sessions_.update(row);
  }
}

void TrackWriter::put(const FunnelChange& change) {
  if (change.after == nullptr) {
    MemoryContext memory = no_funnels_.memory;
    no_funnels_.put(
        {kept_datum(change.session, memory), kept_datum(change.before->service, memory)});
    return;
  }
  const Arguments row = funnel_columns(source_, change.session, *change.after);
  if (change.before == nullptr) {
    funnels_.insert(row);
  } else {
    find_row(funnels_, RowKey().put(source_).put(change.session).put(change.after->service));
    funnels_.update(row);
  }
}

void TrackWriter::finish() {
  static const Oid session_types[] = {INT4OID, TEXTARRAYOID, kInstants};
  static Statement delete_sessions(
      "delete from calytics.tracked_session s using unnest($2, $3) n (session_id, began_at)"
      " where s.source_id = $1 and s.session_id = n.session_id and s.began_at = n.began_at",
      session_types);
  static const Oid funnel_types[] = {INT4OID, TEXTARRAYOID, TEXTARRAYOID};
  static Statement delete_funnels(
      "delete from calytics.funnel f using unnest($2, $3) n (session_id, service)"
      " where f.source_id = $1 and f.session_id = n.session_id and f.service = n.service",
      funnel_types);
  const auto remove = [this](Statement& statement, const List<Gone>& gone, Oid type) {
    if (gone.size == 0) return;
    Parameters<2> keys(gone.size);
    for (const Gone& row : gone)
      keys.put({row.session, row.rest});
    const std::array<Datum, 3> values = {Int32GetDatum(source_), keys.array(0, TEXTOID),
                                         keys.array(1, type)};
    statement.write(values.data(), nullptr);
  };
  sessions_.close();
  funnels_.close();
  remove(delete_sessions, no_sessions_, TIMESTAMPTZOID);
  remove(delete_funnels, no_funnels_, TEXTOID);
}

}  // namespace calytics::glue
