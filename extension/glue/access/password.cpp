// Passwords as SQL functions.

#include "glue/pg/pg.hpp"

#include "core/access/password.hpp"

CALYTICS_SQL_FUNCTION(calytics_hash_password);
CALYTICS_SQL_FUNCTION(calytics_password_matches);

using calytics::glue::bytes_of;

Datum calytics_hash_password(PG_FUNCTION_ARGS) {
  calytics::core::PasswordSalt salt{};
  if (!pg_strong_random(salt.data(), salt.size())) {
    ereport(ERROR, (errcode(ERRCODE_INTERNAL_ERROR), errmsg("no random bytes are to be had")));
  }
  const auto hash = calytics::core::hash_password(bytes_of(PG_GETARG_TEXT_PP(0)), salt);
  if (!hash) {
    ereport(ERROR, (errcode(ERRCODE_OUT_OF_MEMORY), errmsg("could not hash a password")));
  }
  PG_RETURN_DATUM(calytics::glue::text_datum({hash->data(), hash->size()}));
}

Datum calytics_password_matches(PG_FUNCTION_ARGS) {
  if (PG_ARGISNULL(0)) PG_RETURN_BOOL(false);
  const std::string_view hash =
      PG_ARGISNULL(1) ? std::string_view() : bytes_of(PG_GETARG_TEXT_PP(1));
  PG_RETURN_BOOL(calytics::core::password_matches(bytes_of(PG_GETARG_TEXT_PP(0)), hash));
}
