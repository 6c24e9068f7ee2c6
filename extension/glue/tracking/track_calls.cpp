// cal.track and its like: what SQL calls to have events tracked.

#include "glue/pg/pg.hpp"

extern "C" {
#include "lib/stringinfo.h"
}

#include "glue/pg/json_member.hpp"
#include "glue/pg/statement.hpp"
#include "glue/tracking/track.hpp"

CALYTICS_SQL_FUNCTION(calytics_track);
CALYTICS_SQL_FUNCTION(calytics_track_jsonb);
CALYTICS_SQL_FUNCTION(calytics_track_body);

namespace {

using calytics::core::TrackContext;
using calytics::glue::bytes_of;
using calytics::glue::Statement;
using calytics::glue::TrackedSource;
using calytics::glue::TrackRequest;

constexpr Oid kName[] = {TEXTOID};

// Raises what everybody raises who is given the name of no source.
Statement find_no_source("select calytics.source_named($1)", kName);

TrackContext::Text member(Jsonb* object, std::string_view name) {
  const text* value = calytics::glue::text_member(object, name);
  if (value == nullptr) return {};
  return bytes_of(value);
}

TrackContext context_of(Jsonb* context) {
  return {.user_id = member(context, "userId"),
          .user_agent = member(context, "userAgent"),
          .ip_address = member(context, "ipAddress"),
          .referrer = member(context, "referrer"),
          .url = member(context, "url"),
          .do_not_track = calytics::glue::is_true_member(context, "doNotTrack")};
}

std::string_view text_of(Jsonb* json) {
  StringInfoData text;
  initStringInfo(&text);
  JsonbToCString(&text, &json->root, VARSIZE(json));
  return {text.data, static_cast<std::size_t>(text.len)};
}

// In the caller's memory.
Datum tracked(const TrackedSource& source, const TrackRequest& request) {
  const Datum answer = SPI_datumTransfer(calytics::glue::track(source, request).answer, false, -1);
  SPI_finish();
  return answer;
}

// A function whose first argument is the events, the others the context and the source's name.
Datum track(FunctionCallInfo fcinfo, std::string_view events) {
  if (PG_ARGISNULL(0) || PG_ARGISNULL(1) || !JB_ROOT_IS_OBJECT(PG_GETARG_JSONB_P(1))) {
    ereport(
        ERROR,
        (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
         errmsg("tracking needs events, and the context as an object"),
         errhint(
             "For instance: cal.track('{\"sessionId\": \"s1\", \"eventType\": \"PAGE_VIEW\"}').")));
  }
  SPI_connect();
  const bool unnamed = PG_ARGISNULL(2);
  const TrackedSource* source =
      unnamed ? nullptr : calytics::glue::tracked_source(bytes_of(PG_GETARG_TEXT_PP(2)));
  if (source == nullptr) {
    const Datum name = unnamed ? Datum{0} : PG_GETARG_DATUM(2);
    find_no_source.write(&name, &unnamed);
    ereport(ERROR, (errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
                    errmsg("the source was made meanwhile"), errhint("Try again.")));
  }
  return tracked(
      *source,
      {.body = events, .context = context_of(PG_GETARG_JSONB_P(1)), .from_browser = false});
}

}  // namespace

// track(events as text, context, source)
Datum calytics_track(PG_FUNCTION_ARGS) {
  return track(fcinfo, PG_ARGISNULL(0) ? std::string_view{} : bytes_of(PG_GETARG_TEXT_PP(0)));
}

// track(events as jsonb, context, source)
Datum calytics_track_jsonb(PG_FUNCTION_ARGS) {
  return track(fcinfo, PG_ARGISNULL(0) ? std::string_view{} : text_of(PG_GETARG_JSONB_P(0)));
}

// track_body(source, body, context, from_browser)
Datum calytics_track_body(PG_FUNCTION_ARGS) {
  SPI_connect();
  const TrackedSource* source = calytics::glue::tracked_source(PG_GETARG_INT32(0));
  if (source == nullptr) {
    ereport(ERROR,
            (errcode(ERRCODE_NO_DATA_FOUND), errmsg("there is no source %d", PG_GETARG_INT32(0))));
  }
  return tracked(*source, {.body = bytes_of(PG_GETARG_BYTEA_PP(1)),
                           .context = context_of(PG_GETARG_JSONB_P(2)),
                           .from_browser = PG_GETARG_BOOL(3)});
}
