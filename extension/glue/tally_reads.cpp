// What is read out of a tally: one count, a stretch of them, all of them, a product, a quantile.

#include "pg.hpp"

#include <array>
#include <cmath>

#include "tally.hpp"

CALYTICS_SQL_FUNCTION(calytics_tally_get);
CALYTICS_SQL_FUNCTION(calytics_tally_dense);
CALYTICS_SQL_FUNCTION(calytics_tally_dot);
CALYTICS_SQL_FUNCTION(calytics_tally_entries);
CALYTICS_SQL_FUNCTION(calytics_tally_quantile);

namespace {

using calytics::core::kTallyIndexes;
using calytics::core::TallyReader;
using calytics::glue::raise_unless_ok;
using calytics::glue::tally_argument;

int32 stretch_argument(FunctionCallInfo fcinfo, int argument) {
  const int32 count = PG_GETARG_INT32(argument);
  if (count < 0 || count > kTallyIndexes) {
    ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                    errmsg("%d cells of a tally were asked for, 0 to %d can be had", count,
                           kTallyIndexes)));
  }
  return count;
}

}  // namespace

Datum calytics_tally_get(PG_FUNCTION_ARGS) {
  std::int64_t count = 0;
  raise_unless_ok(calytics::core::tally_get(tally_argument(fcinfo, 0), PG_GETARG_INT32(1), count));
  PG_RETURN_INT64(count);
}

Datum calytics_tally_dense(PG_FUNCTION_ARGS) {
  TallyReader reader(tally_argument(fcinfo, 0));
  const int64 first = PG_GETARG_INT32(1);
  const int32 count = stretch_argument(fcinfo, 2);
  if (count == 0) PG_RETURN_ARRAYTYPE_P(construct_empty_array(INT8OID));
  const std::size_t size =
      ARR_OVERHEAD_NONULLS(1) + sizeof(int64) * static_cast<std::size_t>(count);
  auto* array = static_cast<ArrayType*>(palloc0(size));
  SET_VARSIZE(array, size);
  array->ndim = 1;
  array->elemtype = INT8OID;
  ARR_DIMS(array)[0] = count;
  ARR_LBOUND(array)[0] = 1;
  auto* counts = reinterpret_cast<int64*>(ARR_DATA_PTR(array));
  while (reader.next() && reader.index() < first + count) {
    if (reader.index() >= first) counts[reader.index() - first] = reader.count();
  }
  raise_unless_ok(reader.status());
  PG_RETURN_ARRAYTYPE_P(array);
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

Datum calytics_tally_quantile(PG_FUNCTION_ARGS) {
  const int32 count = stretch_argument(fcinfo, 2);
  const float8 q = PG_GETARG_FLOAT8(3);
  if (!(q >= 0 && q <= 1)) {
    ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                    errmsg("a quantile of %g was asked for, 0 to 1 can be had", q)));
  }
  std::int32_t cell = -1;
  raise_unless_ok(calytics::core::tally_quantile(tally_argument(fcinfo, 0), PG_GETARG_INT32(1),
                                                 count, q, cell));
  if (cell < 0) PG_RETURN_NULL();
  PG_RETURN_INT64(cell);
}
