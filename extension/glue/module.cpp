// What happens when the server loads the library: settings, and if it is preloaded also shared
// memory, the launcher of folders and a look at commands on databases.

#include "glue/pg/pg.hpp"

#include "glue/access/access_settings.hpp"
#include "glue/access/rate_limit.hpp"
#include "glue/access/token_use.hpp"
#include "glue/pg/empty_tables.hpp"
#include "glue/pg/settings.hpp"
#include "glue/webhook/outcome_counts.hpp"
#include "glue/webhook/refusals.hpp"
#include "glue/worker/database_commands.hpp"
#include "glue/worker/folder_slots.hpp"
#include "glue/worker/launcher.hpp"

extern "C" {
PG_MODULE_MAGIC;

PGDLLEXPORT void _PG_init();
}

CALYTICS_SQL_FUNCTION(calytics_preloaded);

namespace {

bool preloaded = false;

}  // namespace

void _PG_init() {
  calytics::glue::define_access_settings();
  calytics::glue::define_settings();
  calytics::glue::plan_for_rows();
  preloaded = process_shared_preload_libraries_in_progress;
  if (preloaded) {
    calytics::glue::request_refusal_counters();
    calytics::glue::request_outcome_counters();
    calytics::glue::request_folder_slots();
    calytics::glue::request_token_uses();
    calytics::glue::request_rate_limits();
    calytics::glue::register_launcher();
    calytics::glue::watch_database_commands();
  }
}

Datum calytics_preloaded(PG_FUNCTION_ARGS) {
  (void)fcinfo;
  PG_RETURN_BOOL(preloaded);
}
