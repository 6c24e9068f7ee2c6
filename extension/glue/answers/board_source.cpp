#include "glue/answers/board_source.hpp"

extern "C" {
#include "catalog/namespace.h"
#include "utils/datum.h"
#include "utils/fmgrprotos.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"
}

#include <algorithm>
#include <tuple>

#include "glue/facts/fact.hpp"
#include "glue/pg/list.hpp"
#include "glue/pg/statement.hpp"
#include "glue/sums/spans.hpp"

namespace calytics::glue {

namespace {

std::string_view copied(Datum text, MemoryContext memory) {
  const std::string_view bytes = bytes_of(PG_DETOAST_DATUM_PACKED(text));
  auto* copy = static_cast<char*>(MemoryContextAlloc(memory, bytes.size() + 1));
  std::copy(bytes.begin(), bytes.end(), copy);
  return {copy, bytes.size()};
}

// Takes the rows of a query that has one column, a row.
void put_composite(void* context, const Datum* values, const bool* /*nulls*/) {
  auto& rows = *static_cast<List<Datum>*>(context);
  MemoryContext before = MemoryContextSwitchTo(rows.memory);
  rows.put(datumCopy(values[0], false, -1));
  MemoryContextSwitchTo(before);
}

Rows rows_in(const List<Datum>& list) {
  MemoryContext before = MemoryContextSwitchTo(list.memory);
  const Rows rows = rows_of(list.items, static_cast<int>(list.size));
  MemoryContextSwitchTo(before);
  return rows;
}

void ignore(void* /*context*/, const Datum* /*values*/, const bool* /*nulls*/) {}

struct SourceSink {
  BoardSource source;
  MemoryContext memory;
  bool found = false;
};

// By position, as calytics.source has it.
void put_source(void* context, const Datum* values, const bool* nulls) {
  auto& to = *static_cast<SourceSink*>(context);
  to.found = true;
  to.source.id = DatumGetInt32(values[0]);
  to.source.name = copied(values[1], to.memory);
  to.source.time_zone = copied(values[2], to.memory);
  if (!nulls[3]) to.source.currency = copied(values[3], to.memory);
  MemoryContext before = MemoryContextSwitchTo(to.memory);
  to.source.rules = rules_of(values, nulls);
  MemoryContextSwitchTo(before);
  const Datum* more = values + kSourceColumns;
  if (!nulls[kSourceColumns]) to.source.last_webhook = DatumGetTimestampTz(more[0]);
  to.source.tells_payments = DatumGetBool(more[1]);
  to.source.tells_refunds = DatumGetBool(more[2]);
}

void put_told(void* context, const Datum* values, const bool* /*nulls*/) {
  auto& source = *static_cast<BoardSource*>(context);
  source.tells_payments = DatumGetBool(values[0]);
  source.tells_refunds = DatumGetBool(values[1]);
}

struct FilterSink {
  Filter filter;
  MemoryContext memory;
};

void put_keys(void* context, const Datum* values, const bool* nulls) {
  auto& to = *static_cast<FilterSink*>(context);
  MemoryContext before = MemoryContextSwitchTo(to.memory);
  to.filter = nulls[0] ? Filter{} : filter_of(PointerGetDatum(DatumGetArrayTypePCopy(values[0])));
  MemoryContextSwitchTo(before);
}

Filter filter_by(Statement& query, const BoardSource& source, NullableDatum name,
                 MemoryContext memory) {
  if (name.isnull) return {};
  FilterSink sink = {{}, memory};
  const std::array<Datum, 2> values = {Int32GetDatum(source.id), name.value};
  query.run(values.data(), nullptr, put_keys, &sink);
  return sink.filter;
}

struct Name {
  core::Naming naming;
  TimestampTz since;
};

void put_name(void* context, const Datum* values, const bool* /*nulls*/) {
  auto& names = *static_cast<List<Name>*>(context);
  auto* digits = static_cast<char*>(MemoryContextAlloc(names.memory, MAXINT8LEN + 1));
  const auto size = static_cast<std::size_t>(pg_lltoa(DatumGetInt64(values[1]), digits));
  names.put({{DatumGetBool(values[0]) ? core::Role::host : core::Role::service,
              {digits, size},
              copied(values[2], names.memory)},
             DatumGetTimestampTz(values[3])});
}

Datum keys_of(const Filter& filter) {
  return PointerGetDatum(
      construct_array(filter.keys, filter.size, TEXTOID, -1, false, TYPALIGN_INT));
}

}  // namespace

BoardSource source_named(NullableDatum name, MemoryContext memory) {
  static const Oid types[] = {TEXTOID};
  static Statement query(
      "select s.*, ("
      "    select x.received_at from calytics.webhook_delivery x"
      "     where x.source_id = s.source_id and x.trigger is distinct from 'BOOKING_SYNCED'"
      "     order by x.delivery_id desc limit 1),"
      "    t.payments, t.refunds"
      "  from calytics.source s cross join lateral calytics.told(s.source_id) t"
      " where s.name = $1 collate \"C\"",
      types);
  static Statement missing("select calytics.source_named($1)", types);
  SourceSink sink = {{}, memory};
  query.run(&name.value, &name.isnull, put_source, &sink);
  if (!sink.found) missing.run(&name.value, &name.isnull, ignore, nullptr);
  return sink.source;
}

void check_basis(std::string_view basis) {
  if (basis == "booked" || basis == "service" || basis == "event") return;
  static const Oid types[] = {TEXTOID};
  static Statement query("select calytics.check_metrics(null, $1, null, null)", types);
  const Datum value = text_datum(basis);
  query.run(&value, nullptr, ignore, nullptr);
}

void read_told_by(BoardSource& source, TimestampTz known_at) {
  static const Oid types[] = {INT4OID, TIMESTAMPTZOID};
  static Statement query(
      "select calytics.tells($1, 'payment', $2), calytics.tells($1, 'refund', $2)", types);
  const std::array<Datum, 2> values = {Int32GetDatum(source.id), TimestampTzGetDatum(known_at)};
  query.run(values.data(), nullptr, put_told, &source);
}

Filter service_filter(const BoardSource& source, NullableDatum name, MemoryContext memory) {
  static const Oid types[] = {INT4OID, TEXTOID};
  static Statement query("select calytics.service_keys($1, $2)", types);
  return filter_by(query, source, name, memory);
}

Filter host_filter(const BoardSource& source, NullableDatum name, MemoryContext memory) {
  static const Oid types[] = {INT4OID, TEXTOID};
  static Statement query("select calytics.host_keys($1, $2)", types);
  return filter_by(query, source, name, memory);
}

std::span<core::Naming> names_of(const BoardSource& source, MemoryContext memory) {
  static const Oid types[] = {INT4OID};
  static Statement query(
      "select false, s.event_type_id, s.service, s.first_at from calytics.service s"
      " where s.source_id = $1 "
      "union all "
      "select true, h.host_id, h.host, h.first_at from calytics.host h where h.source_id = $1",
      types);
  List<Name> names = {memory};
  const Datum value = Int32GetDatum(source.id);
  query.run(&value, nullptr, put_name, &names);
  // Of each key the name that came into use last, as calytics.service_name has it.
  std::sort(names.items, names.items + names.size, [](const Name& a, const Name& b) {
    return std::tie(a.naming.of, a.naming.key, b.since, b.naming.name) <
           std::tie(b.naming.of, b.naming.key, a.since, a.naming.name);
  });
  auto* latest = static_cast<core::Naming*>(
      MemoryContextAlloc(memory, sizeof(core::Naming) * (names.size + 1)));
  std::size_t size = 0;
  for (const Name& name : std::span(names.items, names.size)) {
    if (size == 0 || latest[size - 1].of != name.naming.of ||
        latest[size - 1].key != name.naming.key)
      latest[size++] = name.naming;
  }
  return {latest, size};
}

Rows metric_rows(const Filter& services, const Filter& hosts, NullableDatum known_at,
                 MemoryContext memory) {
  static const Oid types[] = {TEXTARRAYOID, TEXTARRAYOID, TIMESTAMPTZOID};
  static Statement query(
      "select m from calytics.metric m where calytics.can_tell(m, $1, $2, null, $3)", types);
  const std::array<Datum, 3> values = {keys_of(services), keys_of(hosts), known_at.value};
  const std::array<bool, 3> nulls = {services.absent, hosts.absent, known_at.isnull};
  List<Datum> rows = {memory};
  query.run(values.data(), nulls.data(), put_composite, &rows);
  return rows_in(rows);
}

// Prepared anew each time, for calytics.span may have been made anew.
Rows sums_known(const BoardSource& source, std::span<const Span> spans, const Filter& services,
                const Filter& hosts, TimestampTz known_at, MemoryContext memory) {
  constexpr int count = 5;
  const Oid row_type = GetSysCacheOid2(TYPENAMENSP, Anum_pg_type_oid, CStringGetDatum("span"),
                                       ObjectIdGetDatum(get_namespace_oid("calytics", false)));
  std::array<Oid, count> types = {INT4OID, get_array_type(row_type), TEXTARRAYOID, TEXTARRAYOID,
                                  TIMESTAMPTZOID};
  std::array<Datum, count> values = {Int32GetDatum(source.id), spans_datum(spans, row_type),
                                     keys_of(services), keys_of(hosts),
                                     TimestampTzGetDatum(known_at)};
  const std::array<char, count> nulls = {' ', ' ', services.absent ? 'n' : ' ',
                                         hosts.absent ? 'n' : ' ', ' '};
  const int result = SPI_execute_with_args(
      "select c from calytics.source s"
      " cross join lateral calytics.collect_known(s, $2, $3, $4, $5) c where s.source_id = $1",
      count, types.data(), values.data(), nulls.data(), true, 0);
  if (result != SPI_OK_SELECT) elog(ERROR, "a query failed: %s", SPI_result_code_string(result));
  List<Datum> rows = {memory};
  for (std::uint64_t i = 0; i < SPI_processed; ++i) {
    bool null = false;
    const Datum row = SPI_getbinval(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, 1, &null);
    put_composite(&rows, &row, &null);
  }
  return rows_in(rows);
}

}  // namespace calytics::glue
