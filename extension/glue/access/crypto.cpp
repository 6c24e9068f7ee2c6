// Signatures and random bytes as SQL functions.

#include "glue/pg/pg.hpp"

#include <array>
#include <span>

#include "core/access/signature.hpp"

CALYTICS_SQL_FUNCTION(calytics_verify_signature);
CALYTICS_SQL_FUNCTION(calytics_sign_webhook);
CALYTICS_SQL_FUNCTION(calytics_random_hex);

using calytics::glue::bytes_of;

namespace {

Datum hex_datum(std::span<const std::uint8_t> bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  auto* result = static_cast<text*>(palloc(VARHDRSZ + 2 * bytes.size()));
  SET_VARSIZE(result, VARHDRSZ + 2 * bytes.size());
  char* out = VARDATA(result);
  for (const std::uint8_t byte : bytes) {
    *out++ = digits[byte >> 4U];
    *out++ = digits[byte & 15U];
  }
  return PointerGetDatum(result);
}

}  // namespace

Datum calytics_verify_signature(PG_FUNCTION_ARGS) {
  if (PG_ARGISNULL(0) || PG_ARGISNULL(1) || PG_ARGISNULL(2)) {
    PG_RETURN_BOOL(false);
  }
  PG_RETURN_BOOL(calytics::core::verify_signature(bytes_of(PG_GETARG_BYTEA_PP(0)),
                                                  bytes_of(PG_GETARG_TEXT_PP(1)),
                                                  bytes_of(PG_GETARG_TEXT_PP(2))));
}

Datum calytics_sign_webhook(PG_FUNCTION_ARGS) {
  const auto digest =
      calytics::core::hmac_sha256(bytes_of(PG_GETARG_TEXT_PP(1)), bytes_of(PG_GETARG_BYTEA_PP(0)));
  if (!digest) {
    ereport(ERROR, (errcode(ERRCODE_OUT_OF_MEMORY), errmsg("could not sign a body")));
  }
  PG_RETURN_DATUM(hex_datum(*digest));
}

Datum calytics_random_hex(PG_FUNCTION_ARGS) {
  const int32 size = PG_GETARG_INT32(0);
  std::array<std::uint8_t, 64> bytes{};
  if (size < 1 || static_cast<std::size_t>(size) > bytes.size()) {
    ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                    errmsg("%d random bytes were asked for, 1 to 64 can be had", size)));
  }
  if (!pg_strong_random(bytes.data(), static_cast<std::size_t>(size))) {
    ereport(ERROR, (errcode(ERRCODE_INTERNAL_ERROR), errmsg("no random bytes are to be had")));
  }
  PG_RETURN_DATUM(hex_datum({bytes.data(), static_cast<std::size_t>(size)}));
}
