// POST /api/cal/webhook and /api/cal/webhook/{source}: from the request to cal.receive_webhook, and
// from its outcome to an answer.

#include "glue/pg/pg.hpp"

extern "C" {
#include "utils/datum.h"
#include "utils/fmgrprotos.h"
#include "utils/json.h"
#include "utils/jsonb.h"
#include "utils/memutils.h"
}

#include <array>

#include "glue/access/headers.hpp"
#include "glue/http/http_types.hpp"
#include "glue/pg/columns.hpp"
#include "glue/pg/watched_tables.hpp"
#include "glue/webhook/receive.hpp"
#include "glue/webhook/refusals.hpp"

CALYTICS_SQL_FUNCTION(calytics_http_webhook);

namespace calytics::glue {
namespace {

constexpr Oid kSender[] = {TEXTOID, TEXTOID};

Statement find_network("select from calytics.source_network limit 1");
Statement find_welcome("select where calytics.is_welcome($1, $2)", kSender);

// Whether any source takes webhooks from some networks only.
bool has_networks() {
  static WatchedTables tables("source_network");
  static bool any = false;
  if (tables.have_changed()) {
    SPI_connect();
    any = find_network.write(nullptr, nullptr) > 0;
    SPI_finish();
  }
  return any;
}

bool is_welcome(std::string_view source, const NullableDatum& client) {
  if (!has_networks()) return true;
  SPI_connect();
  Arguments sender;
  sender.put(source);
  if (client.isnull) {
    sender.skip();
  } else {
    sender.put(client.value);
  }
  const bool welcome = sender.write(find_welcome) > 0;
  SPI_finish();
  return welcome;
}

void put_text(StringInfo json, std::string_view text) {
  if (text.empty()) {
    appendStringInfoString(json, "null");
  } else {
    escape_json(json, pnstrdup(text.data(), text.size()));
  }
}

// As jsonb writes such an object.
Datum body_of(const Received& received) {
  StringInfoData json;
  initStringInfo(&json);
  appendStringInfoString(&json, R"({"detail": )");
  put_text(&json, received.detail);
  appendStringInfoString(&json, R"(, "outcome": )");
  put_text(&json, received.outcome);
  if (received.delivery) {
    appendStringInfo(&json, R"(, "delivery": %lld})", static_cast<long long>(*received.delivery));
  } else {
    appendStringInfoString(&json, R"(, "delivery": null})");
  }
  return PointerGetDatum(cstring_to_text_with_len(json.data, json.len));
}

// Headers that are the same for all, read once.
Datum read_once(Datum& headers, const char* json) {
  if (headers != 0) return headers;
  const Datum read = DirectFunctionCall1(jsonb_in, CStringGetDatum(json));
  MemoryContext before = MemoryContextSwitchTo(TopMemoryContext);
  headers = datumCopy(read, false, -1);
  MemoryContextSwitchTo(before);
  return headers;
}

Datum headers_of(std::string_view outcome) {
  static Datum all = 0;
  static Datum again = 0;
  if (outcome == "held_up") {
    return read_once(again,
                     R"({"content-type": "application/json; charset=utf-8", "retry-after": "1",)"
                     R"( "x-calytics-class": "webhook", "x-calytics-again": "1"})");
  }
  return read_once(all, R"({"content-type": "application/json; charset=utf-8",)"
                        R"( "cache-control": "no-store", "x-calytics-class": "webhook"})");
}

Datum answer(int status, const Received& received) {
  ResponseRow response;
  response[kStatus] = some(Int32GetDatum(status));
  response[kAnswerHeaders] = some(headers_of(received.outcome));
  response[kAnswerBody] = some(body_of(received));
  return composite("http_response", response);
}

int status_of(std::string_view outcome) {
  constexpr int unauthorized = 401;
  constexpr int too_large = 413;
  constexpr int taken = 200;
  constexpr int unavailable = 503;
  if (outcome == "unauthorized") return unauthorized;
  if (outcome == "held_up") return unavailable;
  return outcome == "too_large" ? too_large : taken;
}

bool is_to_answer_at_once(const NullableDatum& headers) {
  constexpr std::array<std::string_view, 1> names = {"x-calytics-at-once"};
  return !headers.isnull && header_of(DatumGetJsonbP(headers.value), names) != nullptr;
}

}  // namespace
}  // namespace calytics::glue

// http_webhook(request)
Datum calytics_http_webhook(PG_FUNCTION_ARGS) {
  using namespace calytics::glue;
  const auto request = columns_of<kCaller + 1>(PG_GETARG_DATUM(0));
  const std::string_view source = source_of(request[kParams]);
  if (!is_welcome(source, request[kClient])) {
    count_refusal("forbidden");
    constexpr int forbidden = 403;
    PG_RETURN_DATUM(answer(forbidden, {.outcome = "forbidden",
                                       .delivery = {},
                                       .detail = "webhooks are not taken from this address"}));
  }
  const Received received = receive_webhook({.body = request[kBody],
                                             .headers = request[kHeaders],
                                             .source = source,
                                             .waits = !is_to_answer_at_once(request[kHeaders])});
  PG_RETURN_DATUM(answer(status_of(received.outcome), received));
}
