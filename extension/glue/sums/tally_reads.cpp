// What is read out of a tally: one count, all of them, a product.

#include "glue/pg/pg.hpp"

#include <array>

#include "glue/sums/tally.hpp"

CALYTICS_SQL_FUNCTION(calytics_tally_get);
CALYTICS_SQL_FUNCTION(calytics_tally_dot);
CALYTICS_SQL_FUNCTION(calytics_tally_entries);

namespace {

using calytics::core::TallyReader;
using calytics::glue::raise_unless_ok;
using calytics::glue::tally_argument;

}  // namespace

Datum calytics_tally_get(PG_FUNCTION_ARGS) {
  std::int64_t count = 0;
  raise_unless_ok(calytics::core::tally_get(tally_argument(fcinfo, 0), PG_GETARG_INT32(1), count));
  PG_RETURN_INT64(count);
}

Datum calytics_tally_dot(PG_FUNCTION_ARGS) {
  std::int64_t product = 0;
  raise_unless_ok(
      calytics::core::tally_dot(tally_argument(fcinfo, 0), tally_argument(fcinfo, 1), product));
  PG_RETURN_INT64(product);
}

Datum calytics_tally_entries(PG_FUNCTION_ARGS) {
  InitMaterializedSRF(fcinfo, 0);
  auto* result = reinterpret_cast<ReturnSetInfo*>(fcinfo->resultinfo);
  TallyReader reader(tally_argument(fcinfo, 0));
  while (reader.next()) {
    std::array<Datum, 2> values = {Int32GetDatum(reader.index()), Int64GetDatum(reader.count())};
    std::array<bool, 2> nulls = {false, false};
    tuplestore_putvalues(result->setResult, result->setDesc, values.data(), nulls.data());
  }
  raise_unless_ok(reader.status());
  return Datum{0};
}
