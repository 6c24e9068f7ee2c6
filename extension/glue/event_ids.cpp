#include "event_ids.hpp"

extern "C" {
#include "access/table.h"
#include "catalog/namespace.h"
#include "utils/lsyscache.h"
}

#include <algorithm>

#include "columns.hpp"
#include "table_writer.hpp"

namespace calytics::glue {
namespace {

constexpr Oid kRow[] = {INT4OID, TEXTOID, TIMESTAMPTZOID};
constexpr Oid kIds[] = {INT4OID, TEXTARRAYOID, TIMESTAMPTZOID};

// In their order.
Statement keep_ids(
    "insert into calytics.event_key (source_id, event_id, seen_at)"
    " select $1, i.event_id, $3 from unnest($2) i (event_id) on conflict do nothing"
    " returning event_id",
    kIds);

Datum array_of(std::span<const EventId> ids) {
  auto* texts = static_cast<Datum*>(palloc(sizeof(Datum) * ids.size()));
  std::ranges::transform(ids, texts, [](const EventId& id) { return text_datum(id.id); });
  return PointerGetDatum(
      construct_array(texts, static_cast<int>(ids.size()), TEXTOID, -1, false, TYPALIGN_INT));
}

// Moves what is new to the front, as the statement tells of it.
struct Sorting {
  std::span<EventId> ids;
  std::size_t next = 0;  // to look at
  std::size_t fresh = 0;

  static void take(void* self, const Datum* values, const bool* /*nulls*/) {
    auto& sorting = *static_cast<Sorting*>(self);
    const std::string_view id = bytes_of(DatumGetTextPP(values[0]));
    while (sorting.ids[sorting.next].id != id)
      ++sorting.next;
    std::swap(sorting.ids[sorting.fresh++], sorting.ids[sorting.next++]);
  }
};

// How many of the ids, from the first on, are new for sure.
std::size_t put_ids(std::int32_t source, std::span<const EventId> ids, TimestampTz received) {
  const Oid oid = get_relname_relid("event_key", get_namespace_oid("calytics", false));
  Relation table = table_open(oid, RowExclusiveLock);
  std::size_t put = 0;
  if (TableWriter::suits(table, kRow)) {
    TableWriter writer(table, TableWriter::For::new_rows);
    const std::array<bool, 3> nulls = {};
    for (; put < ids.size(); ++put) {
      const std::array<Datum, 3> row = {Int32GetDatum(source), text_datum(ids[put].id),
                                        TimestampTzGetDatum(received)};
      if (!writer.put_new(row.data(), nulls.data())) break;
    }
    writer.finish();
  }
  table_close(table, NoLock);
  return put;
}

// How many are new, the first of them waited for if need be; those come to the front.
std::size_t put_others(std::int32_t source, std::span<EventId> ids, TimestampTz received) {
  Sorting sorting = {ids};
  Arguments row;
  row.put(source).put(array_of(ids)).put(TimestampTzGetDatum(received));
  row.write(keep_ids, Sorting::take, &sorting);
  return sorting.fresh;
}

}  // namespace

std::size_t keep_new_ids(std::int32_t source, std::span<EventId> ids, TimestampTz received) {
  // Two sessions that meet in the same ids must meet in the same order.
  std::ranges::sort(ids, [](const EventId& a, const EventId& b) {
    return a.id != b.id ? a.id < b.id : a.event < b.event;
  });
  const auto* end = std::unique(ids.data(), ids.data() + ids.size(),
                                [](const EventId& a, const EventId& b) { return a.id == b.id; });
  ids = ids.first(static_cast<std::size_t>(end - ids.data()));
  const std::size_t put = put_ids(source, ids, received);
  return put == ids.size() ? put : put + put_others(source, ids.subspan(put), received);
}

}  // namespace calytics::glue
