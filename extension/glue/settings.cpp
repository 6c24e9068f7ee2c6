// The configuration parameters calytics.*, and the SQL functions that read them.

#include "pg.hpp"

#include "settings.hpp"

CALYTICS_SQL_FUNCTION(calytics_max_body_size);
CALYTICS_SQL_FUNCTION(calytics_collects_metrics);

namespace {

int max_body_size = 1024 * 1024;
bool collect_metrics = true;

}  // namespace

void calytics::glue::define_settings() {
  DefineCustomIntVariable("calytics.max_body_size", "Largest webhook body that is taken in.",
                          "Larger ones are answered with too_large and not kept.", &max_body_size,
                          1024 * 1024, 1024, 64 * 1024 * 1024, PGC_SIGHUP, GUC_UNIT_BYTE, nullptr,
                          nullptr, nullptr);
  DefineCustomBoolVariable("calytics.collect_metrics", "Keeps metrics current as webhooks come in.",
                           "Off for bulk loads: cal.repair_metrics() makes up for it afterwards.",
                           &collect_metrics, true, PGC_SUSET, 0, nullptr, nullptr, nullptr);
  MarkGUCPrefixReserved("calytics");
}

Datum calytics_max_body_size(PG_FUNCTION_ARGS) {
  (void)fcinfo;
  PG_RETURN_INT32(max_body_size);
}

Datum calytics_collects_metrics(PG_FUNCTION_ARGS) {
  (void)fcinfo;
  PG_RETURN_BOOL(collect_metrics);
}
