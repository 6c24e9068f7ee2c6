#include "glue/tracking/event_store.hpp"

extern "C" {
#include "access/table.h"
#include "catalog/namespace.h"
#include "partitioning/partbounds.h"
#include "partitioning/partdesc.h"
#include "utils/lsyscache.h"
#include "utils/partcache.h"
}

#include "glue/pg/columns.hpp"
#include "glue/pg/table_writer.hpp"

namespace calytics::glue {
namespace {

constexpr Oid kMoment[] = {TIMESTAMPTZOID};

Statement make_partition("select calytics.make_event_partitions($1, 0)", kMoment);

Statement insert_row(
    "insert into calytics.event values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13,"
    " $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28, $29)",
    EventRow::types);

Relation open_events() {
  const Oid table = get_relname_relid("event", get_namespace_oid("calytics", false));
  if (!OidIsValid(table)) {
    ereport(ERROR, (errcode(ERRCODE_UNDEFINED_TABLE), errmsg("table calytics.event is missing")));
  }
  return table_open(table, RowExclusiveLock);
}

// InvalidOid if there is none.
Oid partition_of(Relation events, TimestampTz received) {
  PartitionKey key = RelationGetPartitionKey(events);
  PartitionDesc partitions = RelationGetPartitionDesc(events, true);
  if (partitions->nparts == 0) return InvalidOid;
  Datum value = TimestampTzGetDatum(received);
  bool equal = false;
  const int bound = partition_range_datum_bsearch(key->partsupfunc, key->partcollation,
                                                  partitions->boundinfo, 1, &value, &equal);
  int place = partitions->boundinfo->indexes[bound + 1];
  if (place < 0) place = partitions->boundinfo->default_index;
  return place < 0 ? InvalidOid : partitions->oids[place];
}

// The events table's own columns and rules hold for what is put into its partition.
bool takes_rows(Relation events, Relation partition) {
  if (partition->rd_rel->relkind != RELKIND_RELATION ||
      !TableWriter::suits(events, EventRow::types) ||
      !TableWriter::suits(partition, EventRow::types))
    return false;
  for (int i = 0; i < events->rd_att->natts; ++i) {
    if (namestrcmp(&TupleDescAttr(events->rd_att, i)->attname,
                   NameStr(TupleDescAttr(partition->rd_att, i)->attname)) != 0)
      return false;
  }
  return true;
}

void put(Relation partition, std::span<const EventRow> rows) {
  TableWriter writer(partition, TableWriter::For::rows);
  for (const EventRow& row : rows)
    writer.put(row.values.data(), row.nulls.data());
  writer.finish();
}

}  // namespace

void store_events(std::span<const EventRow> rows, TimestampTz received) {
  Relation events = open_events();
  Oid month = partition_of(events, received);
  if (!OidIsValid(month)) {
    table_close(events, NoLock);
    Arguments().put(TimestampTzGetDatum(received)).write(make_partition);
    events = open_events();
    month = partition_of(events, received);
  }
  Relation partition = OidIsValid(month) ? table_open(month, RowExclusiveLock) : nullptr;
  const bool direct = partition != nullptr && takes_rows(events, partition);
  if (direct) put(partition, rows);
  if (partition != nullptr) table_close(partition, NoLock);
  table_close(events, NoLock);
  if (direct) return;
  for (const EventRow& row : rows)
    insert_row.write(row.values.data(), row.nulls.data());
}

}  // namespace calytics::glue
