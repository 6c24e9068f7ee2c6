// cal.http: from a request to its route's handler. What is said to those who are turned away, and
// who a caller is, are SQL's to decide (sql/http.sql, sql/caller.sql); this only goes the way that
// every request takes, for which a language of statements is too slow.

#include "glue/pg/pg.hpp"

extern "C" {
#include "catalog/pg_collation.h"
#include "nodes/value.h"
#include "parser/parse_func.h"
#include "utils/formatting.h"
#include "utils/jsonb.h"
}

#include <algorithm>

#include "glue/access/client.hpp"
#include "glue/access/headers.hpp"
#include "glue/access/rate_limit.hpp"
#include "glue/http/http_types.hpp"
#include "glue/http/routes.hpp"
#include "glue/pg/pinned.hpp"

CALYTICS_SQL_FUNCTION(calytics_http);

namespace calytics::glue {
namespace {

// Calls a function that returns a row. What a row is kept in while it is worked on may not be
// passed on twice: the next function takes it for its own.
NullableDatum call(Oid function, std::initializer_list<NullableDatum> arguments) {
  FmgrInfo info;
  fmgr_info(function, &info);
  constexpr int most = 4;
  LOCAL_FCINFO(call, most);
  InitFunctionCallInfoData(*call, &info, static_cast<short>(arguments.size()),
                           DEFAULT_COLLATION_OID, nullptr, nullptr);
  std::copy(arguments.begin(), arguments.end(), call->args);
  const Datum row = FunctionCallInvoke(call);
  if (call->isnull) return kNone;
  return some(PointerGetDatum(DatumGetHeapTupleHeader(row)));
}

// A function of schema calytics whose name no other has.
NullableDatum call(const char* name, std::initializer_list<NullableDatum> arguments) {
  List* qualified = list_make2(makeString(pstrdup("calytics")), makeString(pstrdup(name)));
  return call(LookupFuncName(qualified, -1, nullptr, false), arguments);
}

NullableDatum text_or_none(const text* value) {
  return value == nullptr ? kNone : some(PointerGetDatum(value));
}

std::string_view text_of(const NullableDatum& value) {
  return value.isnull ? std::string_view{} : bytes_of(DatumGetTextPP(value.value));
}

// The answer's status; 0 where there is no answer.
int status_of(const NullableDatum& response) {
  if (response.isnull) return 0;
  const auto columns = columns_of<kAnswerBody + 1>(response.value);
  return columns[kStatus].isnull ? 0 : DatumGetInt32(columns[kStatus].value);
}

NullableDatum dispatch(RequestRow& request) {
  const std::string_view method = text_of(request[kMethod]);
  const Route route =
      route_of(method == "HEAD" ? "GET" : method, text_of(request[kPath]), request[kParams].value);
  request[kParams].isnull = !OidIsValid(route.handler);
  const int wait = take_token(route.limit, text_of(request[kClient]));
  if (wait > 0) {
    return call("too_many",
                {some(text_datum(route.limit)), some(Int32GetDatum(wait)),
                 some(text_datum(route.access)), some(composite("http_request", request))});
  }
  if (!OidIsValid(route.handler))
    return call("unrouted", {some(composite("http_request", request))});
  if (route.access == "viewer" || route.access == "reader" || route.access == "admin") {
    request[kCaller] = call("caller", {some(composite("http_request", request))});
    const NullableDatum denied = call("denied", {some(text_datum(route.access)), request[kCaller]});
    if (status_of(denied) != 0) return denied;
  }
  const Datum row = composite("http_request", request);
  // What takes webhooks pins the few statements that it may need.
  if (route.access == "signature") return call(route.handler, {some(row)});
  NullableDatum response = kNone;
  pinned([&] { response = call(route.handler, {some(row)}); });
  return response;
}

template <class... Names>
const text* header(Jsonb* headers, Names... names) {
  const std::array<std::string_view, sizeof...(names)> all = {names...};
  return header_of(headers, all);
}

// As the server's log and pg_stat_activity show what is under way.
void name_application(const text* id) {
  const char* name = psprintf("calytics-gateway %s", text_to_cstring(id));
  set_config_option("application_name", name, PGC_USERSET, PGC_S_SESSION, GUC_ACTION_LOCAL, true, 0,
                    false);
}

NullableDatum upper_case(const NullableDatum& method) {
  if (method.isnull) return kNone;
  const std::string_view name = bytes_of(DatumGetTextPP(method.value));
  return some(text_datum(asc_toupper(name.data(), name.size())));
}

NullableDatum client_of(Jsonb* headers) {
  const text* peer = header(headers, "x-calytics-peer");
  const text* forwarded = header(headers, "x-forwarded-for");
  if (peer == nullptr) return kNone;
  return client_behind(bytes_of(peer),
                       forwarded == nullptr ? std::string_view{} : bytes_of(forwarded));
}

}  // namespace
}  // namespace calytics::glue

// http(method, path, query, headers, body)
Datum calytics_http(PG_FUNCTION_ARGS) {
  using namespace calytics::glue;
  Jsonb* headers = PG_ARGISNULL(3) ? nullptr : PG_GETARG_JSONB_P(3);
  const text* id = header(headers, "x-request-id");
  if (id != nullptr) name_application(id);

  RequestRow request;
  request[kMethod] = upper_case(fcinfo->args[0]);
  request[kPath] = fcinfo->args[1];
  request[kParams] = kNone;
  request[kQuery] = fcinfo->args[2];
  request[kHeaders] = fcinfo->args[3];
  request[kBody] = fcinfo->args[4];
  request[kClient] = client_of(headers);
  request[kCaller] = kNone;
  NullableDatum response = dispatch(request);

  constexpr int bad_request = 400;
  constexpr int multi_status = 207;
  const int status = status_of(response);
  if (id != nullptr && (status >= bad_request || status == multi_status)) {
    response = call("with_request_id", {response, text_or_none(id)});
  }
  fcinfo->isnull = response.isnull;
  return response.value;
}
