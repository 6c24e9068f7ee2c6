// An error that the webhook's own data make must not cost it: it is then kept in quarantine, and
// all else is as it was before.

#include "glue/webhook/understand.hpp"

extern "C" {
#include "access/xact.h"
#include "utils/memutils.h"
#include "utils/resowner.h"
}

#include <array>
#include <cstring>

#include "core/booking/trigger.hpp"
#include "core/booking/webhook_parser.hpp"
#include "glue/pg/columns.hpp"
#include "glue/webhook/apply.hpp"
#include "glue/webhook/booking_tables.hpp"

CALYTICS_SQL_FUNCTION(calytics_understand);

namespace calytics::glue {
namespace {

using core::Kind;
using core::Webhook;

// Whether an error is of the webhook's making. All else is the server's trouble (locks, memory,
// disk, a cancelled query) and is the caller's to try again.
bool is_of_the_data(int sqlstate) {
  const int category = ERRCODE_TO_CATEGORY(sqlstate);
  return category == ERRCODE_DATA_EXCEPTION || category == ERRCODE_INTEGRITY_CONSTRAINT_VIOLATION ||
         category == ERRCODE_PROGRAM_LIMIT_EXCEEDED || category == ERRCODE_INTERNAL_ERROR;
}

bool is_repeated(const ErrorData& error, const Archive* archive) {
  return archive != nullptr && error.sqlerrcode == ERRCODE_UNIQUE_VIOLATION &&
         error.constraint_name != nullptr && strcmp(error.constraint_name, archive->key) == 0;
}

// Where to look for what the data of a webhook broke. The error's own words may quote the webhook.
void log_quarantine(const ErrorData& error) {
  const char* constraint = error.constraint_name;
  ereport(LOG, (errmsg("a webhook is kept in quarantine: it could not be applied"),
                errdetail("SQLSTATE %s%s%s, raised by %s (%s:%d).",
                          unpack_sql_state(error.sqlerrcode), constraint ? ", constraint " : "",
                          constraint ? constraint : "", error.funcname ? error.funcname : "?",
                          error.filename ? error.filename : "?", error.lineno)));
}

// Applies and keeps it in a subtransaction: what the data of one webhook breaks must not cost the
// webhook, and one that came before shows when it is kept, which is cheaper than to look each time.
// False if the data broke something, and then all is as it was before.
bool try_to_apply(const Webhook& webhook, const Delivered& delivered, Understood* understood,
                  int* sqlstate) {
  MemoryContext memory = CurrentMemoryContext;
  ResourceOwner owner = CurrentResourceOwner;
  BeginInternalSubTransaction(nullptr);
  MemoryContextSwitchTo(memory);
  PG_TRY();
  {
    BookingTables tables;
    if (!delivered.waits) tables.dont_wait();
    *understood = apply(tables, webhook, delivered);
    tables.close();
    if (delivered.archive != nullptr) {
      delivered.archive->keep(delivered.archive->context, *understood);
      understood->kept = true;
    }
    ReleaseCurrentSubTransaction();
    MemoryContextSwitchTo(memory);
    CurrentResourceOwner = owner;
    *sqlstate = 0;
  }
  PG_CATCH();
  {
    MemoryContextSwitchTo(memory);
    ErrorData* error = CopyErrorData();
    FlushErrorState();
    RollbackAndReleaseCurrentSubTransaction();
    MemoryContextSwitchTo(memory);
    CurrentResourceOwner = owner;
    const bool held_up = !delivered.waits && error->sqlerrcode == ERRCODE_LOCK_NOT_AVAILABLE;
    if (!held_up && !is_of_the_data(error->sqlerrcode)) ReThrowError(error);
    *sqlstate = 0;
    if (held_up) {
      *understood = {.outcome = "held_up", .detail = {}, .held_up = true};
    } else if (is_repeated(*error, delivered.archive)) {
      *understood = {.outcome = "duplicate", .detail = {}, .repeated = true};
    } else {
      log_quarantine(*error);
      *sqlstate = error->sqlerrcode;
    }
    FreeErrorData(error);
  }
  PG_END_TRY();
  return *sqlstate == 0;
}

}  // namespace

const Webhook& parse_webhook(std::string_view body, std::string_view person_key) {
  static core::WebhookParser parser;
  return parser.parse(body, person_key);
}

Understood understand(const Webhook& webhook, const Delivered& delivered) {
  Understood understood;
  switch (webhook.kind) {
    case Kind::booking: {
      int sqlstate = 0;
      if (try_to_apply(webhook, delivered, &understood, &sqlstate)) return understood;
      understood.outcome = "quarantined";
      understood.detail =
          psprintf("it could not be applied (SQLSTATE %s): kept; replay it once the cause is gone",
                   unpack_sql_state(sqlstate));
      break;
    }
    case Kind::ping:
      understood = {.outcome = "ping", .detail = "the set-up works"};
      break;
    case Kind::unreadable:
      understood = {.outcome = "quarantined", .detail = webhook.problem.value_or("")};
      break;
    case Kind::other:
      understood = {.outcome = "stored",
                    .detail = core::is_known_trigger(webhook.trigger.value_or(""))
                                  ? "kept; it says nothing about a booking's state"
                                  : "kept; this trigger is not known yet"};
      break;
  }
  understood.change = place_in_order(delivered);
  return understood;
}

}  // namespace calytics::glue

// understand(source, body, person_key, received, delivery, known, ordinal)
Datum calytics_understand(PG_FUNCTION_ARGS) {
  using namespace calytics::glue;
  for (int i = 0; i < 4; ++i)
    if (PG_ARGISNULL(i)) PG_RETURN_NULL();
  TupleDesc type = nullptr;
  if (get_call_result_type(fcinfo, nullptr, &type) != TYPEFUNC_COMPOSITE) {
    ereport(ERROR,
            (errcode(ERRCODE_DATATYPE_MISMATCH), errmsg("calytics.understand must return a row")));
  }
  Delivered delivered = {.source = PG_GETARG_INT32(0),
                         .received = moment_of(PG_GETARG_TIMESTAMPTZ(3)),
                         .delivery = {},
                         .known = {},
                         .ordinal = {}};
  if (!PG_ARGISNULL(4)) delivered.delivery = PG_GETARG_INT64(4);
  if (!PG_ARGISNULL(5)) delivered.known = moment_of(PG_GETARG_TIMESTAMPTZ(5));
  if (!PG_ARGISNULL(6)) delivered.ordinal = PG_GETARG_INT64(6);
  const std::string_view body = bytes_of(PG_GETARG_BYTEA_PP(1));
  const std::string_view key = bytes_of(PG_GETARG_BYTEA_PP(2));
  MemoryContext memory = CurrentMemoryContext;
  SPI_connect();
  const Understood understood = understand(parse_webhook(body, key), delivered);
  MemoryContext before = MemoryContextSwitchTo(memory);
  const std::array<Datum, 3> values = {text_datum(understood.outcome),
                                       text_datum(understood.detail),
                                       Int64GetDatum(understood.change)};
  MemoryContextSwitchTo(before);
  SPI_finish();
  std::array<Datum, 3> row = values;
  std::array<bool, 3> nulls = {false, understood.detail.empty(), false};
  PG_RETURN_DATUM(
      HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(type), row.data(), nulls.data())));
}
