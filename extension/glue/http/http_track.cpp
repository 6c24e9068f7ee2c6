// The handler of POST /api/cal/track: events from browsers, which are who their request says, and
// the rule that says of which origin the pages may be that send them.

#include "glue/pg/pg.hpp"

#include "glue/access/headers.hpp"
#include "glue/http/http_types.hpp"
#include "glue/pg/json_writer.hpp"
#include "glue/pg/rows.hpp"
#include "glue/pg/statement.hpp"
#include "glue/tracking/track.hpp"

CALYTICS_SQL_FUNCTION(calytics_http_track);
CALYTICS_SQL_FUNCTION(calytics_track_origin);

namespace {

using calytics::glue::bytes_of;
using calytics::glue::composite;
using calytics::glue::JsonWriter;
using calytics::glue::some;
using calytics::glue::TrackedSource;

// A row of calytics.http_request, as far as it matters here.
struct Request {
  std::string_view source;
  Jsonb* headers;
  std::string_view body;
  std::optional<std::string_view> client;

  std::optional<std::string_view> header(std::string_view name) const {
    const text* value = calytics::glue::header_of(headers, {&name, 1});
    if (value == nullptr) return {};
    return bytes_of(value);
  }
  bool says(std::string_view name) const { return header(name) == "1"; }
};

Request request_of(Datum row) {
  using namespace calytics::glue;
  const auto columns = columns_of<kCaller + 1>(row);
  Request request = {};
  request.source = source_of(columns[kParams]);
  if (!columns[kHeaders].isnull) request.headers = DatumGetJsonbP(columns[kHeaders].value);
  if (!columns[kBody].isnull) request.body = bytes_of(DatumGetByteaPP(columns[kBody].value));
  if (!columns[kClient].isnull) request.client = bytes_of(DatumGetTextPP(columns[kClient].value));
  return request;
}

// What a request's headers tell of the client whose events it brings. The page it comes from is
// where the events happen. A browser names itself; who doesn't is no browser.
calytics::core::TrackContext context_of(const Request& request) {
  return {.user_id = {},
          .user_agent = request.header("user-agent").value_or(""),
          .ip_address = request.client,
          .referrer = {},
          .url = request.header("referer"),
          .do_not_track = request.says("sec-gpc") || request.says("dnt")};
}

// Whether pages of that origin may send events, of a source that may not be there.
enum class Welcome : std::uint8_t { any, listed, no };

Welcome welcome(const TrackedSource* source, std::optional<std::string_view> origin) {
  if (source == nullptr || ARR_NDIM(DatumGetArrayTypeP(source->origins)) == 0) return Welcome::any;
  return origin && calytics::glue::holds(source->origins, *origin) ? Welcome::listed : Welcome::no;
}

void put(JsonWriter& json, std::string_view name, std::string_view value) {
  json.key(name);
  json.put(value);
}

// The headers that tell a browser so.
void put_welcome(JsonWriter& json, Welcome welcome, std::optional<std::string_view> origin) {
  put(json, "x-calytics-class", "tracking");
  if (welcome != Welcome::no) {
    put(json, "access-control-allow-origin", welcome == Welcome::any ? "*" : *origin);
    put(json, "cross-origin-resource-policy", "cross-origin");
  }
  if (welcome != Welcome::any) put(json, "vary", "origin");
}

Datum bytes_of_json(Datum json) {
  StringInfoData text;
  initStringInfo(&text);
  Jsonb* value = DatumGetJsonbP(json);
  JsonbToCString(&text, &value->root, VARSIZE(value));
  return calytics::glue::bytea_datum(reinterpret_cast<const std::uint8_t*>(text.data),
                                     static_cast<std::size_t>(text.len));
}

Datum error(std::string_view code, std::string_view message) {
  JsonWriter json;
  json.begin_object();
  json.key("error");
  json.begin_object();
  put(json, "code", code);
  put(json, "message", message);
  json.end_object();
  json.end_object();
  return json.finish();
}

}  // namespace

// http_track(request)
Datum calytics_http_track(PG_FUNCTION_ARGS) {
  const Request request = request_of(PG_GETARG_DATUM(0));
  const std::optional<std::string_view> origin = request.header("origin");
  SPI_connect();
  const TrackedSource* source = calytics::glue::tracked_source(request.source);
  const Welcome allowed = welcome(source, origin);
  std::int32_t status = 200;
  Datum answer;
  if (source == nullptr) {
    status = 404;
    answer = error("not_found", "there is no source of that name");
  } else if (origin && allowed == Welcome::no) {
    status = 403;
    answer = error("forbidden", "this source takes no events from pages of that origin");
  } else {
    const calytics::glue::Tracked tracked = calytics::glue::track(
        *source, {.body = request.body, .context = context_of(request), .from_browser = true});
    if (!tracked.readable) status = 400;
    answer = tracked.answer;
  }
  answer = SPI_datumTransfer(answer, false, -1);
  SPI_finish();

  JsonWriter headers;
  headers.begin_object();
  put(headers, "content-type", "application/json; charset=utf-8");
  put(headers, "cache-control", "no-store");
  put_welcome(headers, allowed, origin);
  headers.end_object();
  calytics::glue::ResponseRow response;
  response[calytics::glue::kStatus] = some(Int32GetDatum(status));
  response[calytics::glue::kAnswerHeaders] = some(headers.finish());
  response[calytics::glue::kAnswerBody] = some(bytes_of_json(answer));
  PG_RETURN_DATUM(composite("http_response", response));
}

// track_origin(source, origin)
Datum calytics_track_origin(PG_FUNCTION_ARGS) {
  std::optional<std::string_view> origin;
  if (!PG_ARGISNULL(1)) origin = bytes_of(PG_GETARG_TEXT_PP(1));
  SPI_connect();
  const TrackedSource* source =
      PG_ARGISNULL(0) ? nullptr : calytics::glue::tracked_source(PG_GETARG_INT32(0));
  const Welcome allowed = welcome(source, origin);
  SPI_finish();
  JsonWriter headers;
  headers.begin_object();
  put_welcome(headers, allowed, origin);
  headers.end_object();
  PG_RETURN_DATUM(headers.finish());
}
