// Type calytics.tally: its text and binary forms, its arithmetic and equality.

#include "glue/pg/pg.hpp"

#include "glue/sums/tally.hpp"

extern "C" {
#include "common/hashfn.h"
#include "libpq/pqformat.h"
}

#include <span>

#include "core/metrics/tally_text.hpp"

CALYTICS_SQL_FUNCTION(calytics_tally_in);
CALYTICS_SQL_FUNCTION(calytics_tally_out);
CALYTICS_SQL_FUNCTION(calytics_tally_recv);
CALYTICS_SQL_FUNCTION(calytics_tally_send);
CALYTICS_SQL_FUNCTION(calytics_tally_plus);
CALYTICS_SQL_FUNCTION(calytics_tally_minus);
CALYTICS_SQL_FUNCTION(calytics_tally_equal);
CALYTICS_SQL_FUNCTION(calytics_tally_not_equal);
CALYTICS_SQL_FUNCTION(calytics_tally_hash);
CALYTICS_SQL_FUNCTION(calytics_tally_hash_extended);

namespace {

using calytics::core::TallyEntry;
using calytics::core::TallyStatus;
using calytics::core::TallyTextStatus;
using calytics::core::TallyWriter;
using calytics::glue::NewTally;
using calytics::glue::raise_unless_ok;
using calytics::glue::tally_argument;

void raise_unless_ok(TallyTextStatus status, const char* text) {
  switch (status) {
    case TallyTextStatus::ok:
      return;
    case TallyTextStatus::malformed:
      ereport(ERROR, (errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
                      errmsg("invalid input syntax for type calytics.tally: \"%s\"", text),
                      errhint("Write it as {index:count,...}, such as {3:5,1004:-2}.")));
      break;
    case TallyTextStatus::index_out_of_range:
      ereport(ERROR, (errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
                      errmsg("an index of tally \"%s\" is out of range", text),
                      errhint("Indexes go from 0 to %d.", calytics::core::kTallyIndexes - 1)));
      break;
    case TallyTextStatus::count_out_of_range:
      ereport(ERROR, (errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
                      errmsg("a count of tally \"%s\" is out of range", text),
                      errhint("Counts are of type bigint.")));
      break;
  }
}

Datum sum_of(std::string_view a, std::string_view b, std::int64_t weight) {
  NewTally result(TallyWriter::entries(a.size()) + TallyWriter::entries(b.size()));
  raise_unless_ok(calytics::core::add_tallies(a, b, weight, result.out()));
  return PointerGetDatum(result.finish());
}

}  // namespace

Datum calytics_tally_in(PG_FUNCTION_ARGS) {
  const char* text = PG_GETARG_CSTRING(0);
  const std::size_t most = calytics::core::text_entries(text);
  std::span<TallyEntry> entries(static_cast<TallyEntry*>(palloc(sizeof(TallyEntry) * most)), most);
  raise_unless_ok(calytics::core::parse_tally(text, entries), text);
  raise_unless_ok(calytics::core::sort_entries(entries));
  NewTally result(entries.size());
  for (const TallyEntry& entry : entries)
    result.out().put(entry.index, entry.count);
  PG_RETURN_POINTER(result.finish());
}

Datum calytics_tally_out(PG_FUNCTION_ARGS) {
  const std::string_view bytes = tally_argument(fcinfo, 0);
  auto* text =
      static_cast<char*>(palloc(calytics::core::text_room(TallyWriter::entries(bytes.size())) + 1));
  char* end = nullptr;
  raise_unless_ok(calytics::core::print_tally(bytes, text, end));
  *end = '\0';
  PG_RETURN_CSTRING(text);
}

Datum calytics_tally_recv(PG_FUNCTION_ARGS) {
  auto* message = reinterpret_cast<StringInfo>(PG_GETARG_POINTER(0));
  const int size = message->len - message->cursor;
  const char* bytes = pq_getmsgbytes(message, size);
  if (calytics::core::check_tally({bytes, static_cast<std::size_t>(size)}) != TallyStatus::ok) {
    ereport(ERROR, (errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
                    errmsg("invalid bytes for type calytics.tally")));
  }
  return calytics::glue::bytea_datum(reinterpret_cast<const std::uint8_t*>(bytes),
                                     static_cast<std::size_t>(size));
}

Datum calytics_tally_send(PG_FUNCTION_ARGS) {
  const std::string_view bytes = tally_argument(fcinfo, 0);
  return calytics::glue::bytea_datum(reinterpret_cast<const std::uint8_t*>(bytes.data()),
                                     bytes.size());
}

Datum calytics_tally_plus(PG_FUNCTION_ARGS) {
  return sum_of(tally_argument(fcinfo, 0), tally_argument(fcinfo, 1), 1);
}

Datum calytics_tally_minus(PG_FUNCTION_ARGS) {
  return sum_of(tally_argument(fcinfo, 0), tally_argument(fcinfo, 1), -1);
}

Datum calytics_tally_equal(PG_FUNCTION_ARGS) {
  PG_RETURN_BOOL(tally_argument(fcinfo, 0) == tally_argument(fcinfo, 1));
}

Datum calytics_tally_not_equal(PG_FUNCTION_ARGS) {
  PG_RETURN_BOOL(tally_argument(fcinfo, 0) != tally_argument(fcinfo, 1));
}

Datum calytics_tally_hash(PG_FUNCTION_ARGS) {
  const std::string_view bytes = tally_argument(fcinfo, 0);
  return hash_any(reinterpret_cast<const unsigned char*>(bytes.data()),
                  static_cast<int>(bytes.size()));
}

Datum calytics_tally_hash_extended(PG_FUNCTION_ARGS) {
  const std::string_view bytes = tally_argument(fcinfo, 0);
  return hash_any_extended(reinterpret_cast<const unsigned char*>(bytes.data()),
                           static_cast<int>(bytes.size()), static_cast<uint64>(PG_GETARG_INT64(1)));
}
