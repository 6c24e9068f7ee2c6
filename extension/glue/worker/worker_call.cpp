#include "glue/pg/pg.hpp"

#include "glue/worker/worker_call.hpp"

extern "C" {
#include "access/xact.h"
#include "commands/extension.h"
#include "executor/spi.h"
#include "pgstat.h"
#include "tcop/tcopprot.h"
#include "utils/guc.h"
#include "utils/snapmgr.h"
}

#include <array>

namespace calytics::glue {

namespace {

// Starts a transaction, in which `statement` is going to run.
void begin(const char* statement) {
  debug_query_string = statement;
  SetCurrentStatementStartTimestamp();
  pgstat_report_activity(STATE_RUNNING, statement);
  StartTransactionCommand();
  PushActiveSnapshot(GetTransactionSnapshot());
}

void commit() {
  PopActiveSnapshot();
  CommitTransactionCommand();
  pgstat_report_stat(true);
  pgstat_report_activity(STATE_IDLE, nullptr);
  debug_query_string = nullptr;
}

}  // namespace

void settle_in(const char* name) {
  constexpr std::array<std::array<const char*, 2>, 8> settings = {{
      {"search_path", "pg_catalog, pg_temp"},
      {"default_transaction_isolation", "read committed"},
      {"default_transaction_read_only", "off"},
      {"default_transaction_deferrable", "off"},
      {"statement_timeout", "0"},
      {"lock_timeout", "0"},
      {"idle_in_transaction_session_timeout", "0"},
      // A run that a crash undoes is done again.
      {"synchronous_commit", "off"},
  }};
  SetConfigOption("application_name", name, PGC_SUSET, PGC_S_OVERRIDE);
  for (const auto& [setting, value] : settings)
    SetConfigOption(setting, value, PGC_SUSET, PGC_S_OVERRIDE);
  pgstat_report_appname(name);
}

std::int64_t call(const char* statement) {
  constexpr std::int64_t gone = -1;
  begin(statement);
  std::int64_t answer = gone;
  if (OidIsValid(get_extension_oid("calytics", true))) {
    SPI_connect();
    if (SPI_execute(statement, false, 1) != SPI_OK_SELECT || SPI_processed != 1) {
      ereport(ERROR, (errcode(ERRCODE_INTERNAL_ERROR), errmsg("\"%s\" gave no answer", statement)));
    }
    bool null = false;
    const Datum value = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &null);
    answer = null ? 0 : DatumGetInt64(value);
    SPI_finish();
  }
  commit();
  return answer;
}

}  // namespace calytics::glue
