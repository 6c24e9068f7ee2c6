// calytics.chi_square_tail in SQL.

#include "glue/pg/pg.hpp"

#include "core/metrics/chi_square.hpp"

CALYTICS_SQL_FUNCTION(calytics_chi_square_tail);

Datum calytics_chi_square_tail(PG_FUNCTION_ARGS) {
  const int degrees = PG_GETARG_INT32(1);
  if (degrees < 1 || degrees > 1000) {
    ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                    errmsg("chi-squared has 1 to 1000 degrees of freedom here, not %d", degrees)));
  }
  PG_RETURN_FLOAT8(calytics::core::chi_square_tail(PG_GETARG_FLOAT8(0), degrees));
}
