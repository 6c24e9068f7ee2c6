// calytics.dashboard_json: from sums to all that a dashboard shows, evaluated and written as jsonb
// in one go, because SQL took longer to build the document than to read the sums.

#include "pg.hpp"

#include "board.hpp"

CALYTICS_SQL_FUNCTION(calytics_dashboard_json);

namespace {

using calytics::core::Naming;
using calytics::core::Role;
using calytics::core::Sums;
using calytics::glue::Board;
using calytics::glue::JsonWriter;
using calytics::glue::Row;
using calytics::glue::Rows;
using calytics::glue::text_argument;

void read_sums(Board& board, const Rows& rows, const Rows& name_rows) {
  const auto name_count = static_cast<std::size_t>(name_rows.size);
  auto* names = static_cast<Naming*>(palloc(sizeof(Naming) * name_count));
  for (int i = 0; i < name_rows.size; ++i) {
    const Row row = name_rows.at(i);
    names[i] = {row.bytes(0) == "host" ? Role::host : Role::service, row.bytes(1), row.bytes(2)};
  }
  calytics::core::sort_names({names, name_count});
  board.sums = static_cast<Sums*>(MemoryContextAllocHuge(
      CurrentMemoryContext, sizeof(Sums) * 2 * static_cast<std::size_t>(rows.size)));
  for (int i = 0; i < rows.size; ++i) {
    const Row row = rows.at(i);
    const std::size_t places = calytics::core::places_of(
        row.bytes(0), calytics::glue::sums_of(row), {names, name_count}, board.sums + board.size);
    if (places == 0) {
      ereport(ERROR,
              (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("a dashboard has no such role")));
    }
    board.size += places;
  }
}

}  // namespace

Datum calytics_dashboard_json(PG_FUNCTION_ARGS) {
  const std::string_view basis = text_argument(fcinfo, 3);
  Board board;
  board.zero = int64_to_numeric(0);
  board.definitions = calytics::glue::definitions_of(
      calytics::glue::rows_argument(fcinfo, 2),
      {basis, text_argument(fcinfo, 4), PG_GETARG_BOOL(5), PG_GETARG_BOOL(6), PG_GETARG_BOOL(7)});
  for (std::size_t f = 0; f < board.definitions.size; ++f) {
    board.definitions.formulas[f].in_series =
        calytics::glue::holds(PG_GETARG_DATUM(9), board.metric(f));
    board.definitions.formulas[f].in_tables =
        calytics::glue::holds(PG_GETARG_DATUM(10), board.metric(f));
  }
  read_sums(board, calytics::glue::rows_argument(fcinfo, 1),
            calytics::glue::rows_argument(fcinfo, 11));
  board.numbers = calytics::glue::numbers_of(board.definitions, board.sums, board.size);

  JsonWriter& json = board.json;
  json.begin_object();
  json.put_pairs(PG_GETARG_JSONB_P(0));
  json.key("figures");
  write_figures(board, text_argument(fcinfo, 8));
  json.key("series");
  write_series(board, points_of(calytics::glue::rows_argument(fcinfo, 13)),
               text_argument(fcinfo, 12));
  json.key("services");
  write_table(board, Role::service);
  json.key("hosts");
  write_table(board, Role::host);
  // Starts by weekday and hour, bookings by lead time: cells as calytics.contributions has them.
  json.key("heatmap");
  write_cells(board, calytics::core::part_of("service", "period"), 200, 7, 24);
  json.key("lead_times");
  json.begin_object();
  json.key("from_minutes");
  json.begin_array();
  for (const std::int64_t minutes : {0, 60, 360, 1440, 4320, 10080, 20160, 40320, 80640})
    json.put(int64_to_numeric(minutes));
  json.end_array();
  json.key("bookings");
  write_cells(board, calytics::core::part_of(basis == "service" ? basis : "booked", "period"), 100,
              1, 9);
  json.end_object();
  json.end_object();
  return json.finish();
}
