// The configuration parameters calytics.*, and the SQL functions that read them.

#include "pg.hpp"

#include "settings.hpp"

CALYTICS_SQL_FUNCTION(calytics_max_body_size);

namespace {

int max_body_size = 1024 * 1024;

}  // namespace

void calytics::glue::define_settings() {
  DefineCustomIntVariable("calytics.max_body_size", "Largest webhook body that is taken in.",
                          "Larger ones are answered with too_large and not kept.", &max_body_size,
                          1024 * 1024, 1024, 64 * 1024 * 1024, PGC_SIGHUP, GUC_UNIT_BYTE, nullptr,
                          nullptr, nullptr);
  MarkGUCPrefixReserved("calytics");
}

Datum calytics_max_body_size(PG_FUNCTION_ARGS) {
  (void)fcinfo;
  PG_RETURN_INT32(max_body_size);
}
