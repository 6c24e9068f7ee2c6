// The one door to PostgreSQL's headers, and the few conversions that all glue shares.
//
// The rules of this border: a longjmp never crosses a live object with a destructor, an exception
// never crosses into PostgreSQL. Glue functions therefore hold trivial locals only, and call leaves
// of core/ that neither throw nor know of PostgreSQL.
#pragma once

extern "C" {
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "storage/ipc.h"
#include "storage/lwlock.h"
#include "storage/shmem.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/timestamp.h"
#include "utils/uuid.h"
}

#include <cstdint>
#include <string_view>

// Declares a function that SQL calls: exported, although all else is hidden.
#define CALYTICS_SQL_FUNCTION(name)         \
  extern "C" {                              \
  PGDLLEXPORT Datum name(PG_FUNCTION_ARGS); \
  PG_FUNCTION_INFO_V1(name);                \
  }                                         \
  extern "C" Datum name(PG_FUNCTION_ARGS)

namespace calytics::glue {

// Views of the bytes of an argument; they live as long as the argument does.
inline std::string_view bytes_of(const struct varlena* value) {
  return {VARDATA_ANY(value), VARSIZE_ANY_EXHDR(value)};
}

inline Datum text_datum(std::string_view text) {
  return PointerGetDatum(cstring_to_text_with_len(text.data(), static_cast<int>(text.size())));
}

inline Datum bytea_datum(const std::uint8_t* bytes, std::size_t size) {
  auto* result = static_cast<bytea*>(palloc(VARHDRSZ + size));
  SET_VARSIZE(result, VARHDRSZ + size);
  memcpy(VARDATA(result), bytes, size);
  return PointerGetDatum(result);
}

inline Datum uuid_datum(const std::uint8_t* bytes) {
  auto* result = static_cast<pg_uuid_t*>(palloc(sizeof(pg_uuid_t)));
  memcpy(result->data, bytes, UUID_LEN);
  return UUIDPGetDatum(result);
}

// PostgreSQL counts microseconds from 2000-01-01, core/ mostly from 1970-01-01.
inline constexpr std::int64_t kEpochsApart =
    (POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) * static_cast<std::int64_t>(USECS_PER_DAY);

inline Datum timestamptz_datum(std::int64_t unix_microseconds) {
  return TimestampTzGetDatum(unix_microseconds - kEpochsApart);
}

inline std::int64_t unix_microseconds(TimestampTz at) {
  return at + kEpochsApart;
}

}  // namespace calytics::glue
