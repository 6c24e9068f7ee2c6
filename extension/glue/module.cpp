// What happens when the server loads the library: settings, and if it is preloaded also shared
// memory, the launcher of folders and a look at commands on databases.

#include "pg.hpp"

#include "access_settings.hpp"
#include "database_commands.hpp"
#include "folder_slots.hpp"
#include "launcher.hpp"
#include "outcome_counts.hpp"
#include "rate_limit.hpp"
#include "refusals.hpp"
#include "settings.hpp"
#include "token_use.hpp"

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
