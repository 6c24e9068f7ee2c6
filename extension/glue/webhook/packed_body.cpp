// Type calytics.webhook_body: to the outside a bytea, on disk what body_codec.hpp makes of it. What
// leaves the server (text, binary, dumps, casts) is the body itself, so that nobody else has to
// know how it is kept.

#include "glue/webhook/packed_body.hpp"

extern "C" {
#include "utils/fmgrprotos.h"
}

#include <optional>

#include "core/booking/body_codec.hpp"

CALYTICS_SQL_FUNCTION(calytics_webhook_body_in);
CALYTICS_SQL_FUNCTION(calytics_webhook_body_out);
CALYTICS_SQL_FUNCTION(calytics_webhook_body_recv);
CALYTICS_SQL_FUNCTION(calytics_webhook_body_send);
CALYTICS_SQL_FUNCTION(calytics_webhook_body_size);
CALYTICS_SQL_FUNCTION(calytics_pack_body);

namespace {

[[noreturn]] void refuse() {
  ereport(ERROR,
          (errcode(ERRCODE_DATA_CORRUPTED), errmsg("a webhook's body in the archive can't be read"),
           errhint("Its bytes on disk have changed, or a newer release wrote them.")));
}

std::size_t size_of(std::string_view packed) {
  const std::optional<std::size_t> size = calytics::core::unpacked_size(packed);
  if (!size || *size > MaxAllocSize - VARHDRSZ) refuse();
  return *size;
}

Datum unpacked(Datum value) {
  const std::string_view packed = calytics::glue::bytes_of(DatumGetByteaPP(value));
  const std::size_t size = VARHDRSZ + size_of(packed);
  auto* body = static_cast<bytea*>(palloc(size));
  SET_VARSIZE(body, size);
  if (!calytics::core::unpack_body(packed, VARDATA(body))) refuse();
  return PointerGetDatum(body);
}

Datum packed(Datum body) {
  return calytics::glue::packed_body(calytics::glue::bytes_of(DatumGetByteaPP(body)));
}

}  // namespace

Datum calytics::glue::packed_body(std::string_view body) {
  auto* value = static_cast<bytea*>(palloc(VARHDRSZ + core::packed_bound(body.size())));
  SET_VARSIZE(value, VARHDRSZ + core::pack_body(body, VARDATA(value)));
  return PointerGetDatum(value);
}

Datum calytics_webhook_body_in(PG_FUNCTION_ARGS) {
  PG_RETURN_DATUM(packed(DirectFunctionCall1(byteain, PG_GETARG_DATUM(0))));
}

Datum calytics_webhook_body_out(PG_FUNCTION_ARGS) {
  PG_RETURN_DATUM(DirectFunctionCall1(byteaout, unpacked(PG_GETARG_DATUM(0))));
}

Datum calytics_webhook_body_recv(PG_FUNCTION_ARGS) {
  PG_RETURN_DATUM(packed(DirectFunctionCall1(bytearecv, PG_GETARG_DATUM(0))));
}

// As bytea's, whose binary form is its bytes.
Datum calytics_webhook_body_send(PG_FUNCTION_ARGS) {
  PG_RETURN_DATUM(unpacked(PG_GETARG_DATUM(0)));
}

Datum calytics_pack_body(PG_FUNCTION_ARGS) {
  PG_RETURN_DATUM(packed(PG_GETARG_DATUM(0)));
}

Datum calytics_webhook_body_size(PG_FUNCTION_ARGS) {
  const std::string_view packed = calytics::glue::bytes_of(PG_GETARG_BYTEA_PP(0));
  PG_RETURN_INT32(static_cast<int>(size_of(packed)));
}
