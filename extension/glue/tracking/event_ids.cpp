#include "glue/tracking/event_ids.hpp"

extern "C" {
#include "access/table.h"
#include "access/xact.h"
#include "catalog/namespace.h"
#include "utils/lsyscache.h"
#include "utils/resowner.h"
#include "utils/uuid.h"
}

#include <algorithm>

#include "glue/pg/columns.hpp"
#include "glue/pg/table_writer.hpp"

namespace calytics::glue {
namespace {

constexpr Oid kRow[] = {INT4OID, UUIDOID, TIMESTAMPTZOID};
constexpr Oid kIds[] = {INT4OID, UUIDARRAYOID, TIMESTAMPTZOID};

// In their order.
Statement keep_ids(
    "insert into calytics.event_key (source_id, event_id, seen_at)"
    " select $1, i.event_id, $3 from unnest($2) i (event_id) on conflict do nothing"
    " returning event_id",
    kIds);

Datum array_of(std::span<const EventId> ids) {
  auto* keys = static_cast<Datum*>(palloc(sizeof(Datum) * ids.size()));
  std::ranges::transform(ids, keys, [](const EventId& id) { return uuid_datum(id.key.data()); });
  return PointerGetDatum(
      construct_array(keys, static_cast<int>(ids.size()), UUIDOID, UUID_LEN, false, TYPALIGN_CHAR));
}

// Moves what is new to the front, as the statement tells of it.
struct Sorting {
  std::span<EventId> ids;
  std::size_t next = 0;  // to look at
  std::size_t fresh = 0;

  static void take(void* self, const Datum* values, const bool* /*nulls*/) {
    auto& sorting = *static_cast<Sorting*>(self);
    const pg_uuid_t* key = DatumGetUUIDP(values[0]);
    while (memcmp(sorting.ids[sorting.next].key.data(), key->data, UUID_LEN) != 0)
      ++sorting.next;
    std::swap(sorting.ids[sorting.fresh++], sorting.ids[sorting.next++]);
  }
};

struct Receiving {
  std::int32_t source;
  TimestampTz at;

  std::array<Datum, 3> row(const EventId& id) const {
    return {Int32GetDatum(source), UUIDPGetDatum(reinterpret_cast<const pg_uuid_t*>(id.key.data())),
            TimestampTzGetDatum(at)};
  }
};
constexpr std::array<bool, 3> kNulls = {};

// False if one of them was there, or may be about to be: then some are put and some are not.
bool put_unless_known(Relation table, const Receiving& receiving, std::span<const EventId> ids) {
  TableWriter writer(table, TableWriter::For::new_rows);
  for (const EventId& id : ids)
    writer.put(receiving.row(id).data(), kNulls.data());
  return writer.finish();
}

// Puts all or, if not all of them are new for sure, none: the one is undone by a subtransaction.
bool put_together(Relation table, const Receiving& receiving, std::span<const EventId> ids) {
  MemoryContext context = CurrentMemoryContext;
  ResourceOwner owner = CurrentResourceOwner;
  volatile bool put = false;
  BeginInternalSubTransaction(nullptr);
  MemoryContextSwitchTo(context);
  PG_TRY();
  { put = put_unless_known(table, receiving, ids); }
  PG_CATCH();
  {
    MemoryContextSwitchTo(context);
    ErrorData* error = CopyErrorData();
    FlushErrorState();
    RollbackAndReleaseCurrentSubTransaction();
    MemoryContextSwitchTo(context);
    CurrentResourceOwner = owner;
    ReThrowError(error);
  }
  PG_END_TRY();
  if (put) {
    ReleaseCurrentSubTransaction();
  } else {
    RollbackAndReleaseCurrentSubTransaction();
  }
  MemoryContextSwitchTo(context);
  CurrentResourceOwner = owner;
  return put;
}

// A subtransaction is worth it for so many ids. Of more than 64 in a transaction other sessions
// would have to ask the disk.
bool are_worth_a_subtransaction(std::size_t ids) {
  constexpr std::size_t fewest = 8;
  constexpr int most = 32;
  static TransactionId transaction = InvalidTransactionId;
  static int begun = 0;
  if (ids < fewest) return false;
  const TransactionId self = GetTopTransactionId();
  if (self != transaction) {
    transaction = self;
    begun = 0;
  }
  return begun++ < most;
}

// How many of the ids, from the first on, are new for sure.
std::size_t put_one_by_one(Relation table, const Receiving& receiving,
                           std::span<const EventId> ids) {
  TableWriter writer(table, TableWriter::For::new_rows);
  std::size_t put = 0;
  while (put < ids.size() && writer.put_new(receiving.row(ids[put]).data(), kNulls.data()))
    ++put;
  writer.finish();
  return put;
}

std::size_t put_ids(const Receiving& receiving, std::span<const EventId> ids) {
  const Oid oid = get_relname_relid("event_key", get_namespace_oid("calytics", false));
  Relation table = table_open(oid, RowExclusiveLock);
  std::size_t put = 0;
  if (TableWriter::suits(table, kRow)) {
    put = are_worth_a_subtransaction(ids.size()) && put_together(table, receiving, ids)
              ? ids.size()
              : put_one_by_one(table, receiving, ids);
  }
  table_close(table, NoLock);
  return put;
}

// How many are new, the first of them waited for if need be; those come to the front.
std::size_t put_others(const Receiving& receiving, std::span<EventId> ids) {
  Sorting sorting = {ids};
  Arguments row;
  row.put(receiving.source).put(array_of(ids)).put(TimestampTzGetDatum(receiving.at));
  row.write(keep_ids, Sorting::take, &sorting);
  return sorting.fresh;
}

}  // namespace

std::size_t keep_new_ids(std::int32_t source, std::span<EventId> ids, TimestampTz received) {
  // Two sessions that meet in the same ids must meet in the same order.
  std::ranges::sort(ids, [](const EventId& a, const EventId& b) {
    return a.key != b.key ? a.key < b.key : a.event < b.event;
  });
  const auto* end = std::unique(ids.data(), ids.data() + ids.size(),
                                [](const EventId& a, const EventId& b) { return a.key == b.key; });
  ids = ids.first(static_cast<std::size_t>(end - ids.data()));
  const Receiving receiving = {source, received};
  const std::size_t put = put_ids(receiving, ids);
  return put == ids.size() ? put : put + put_others(receiving, ids.subspan(put));
}

}  // namespace calytics::glue
