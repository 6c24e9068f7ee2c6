// Bytes in the gzip format, by zlib, for answers to browsers.

#include "glue/pg/pg.hpp"

#include <zlib.h>

CALYTICS_SQL_FUNCTION(calytics_gzip);

using calytics::glue::bytes_of;

Datum calytics_gzip(PG_FUNCTION_ARGS) {
  constexpr int kGzipFormat = 15 + 16;
  constexpr int kDefaultMemory = 8;
  const std::string_view body = bytes_of(PG_GETARG_BYTEA_PP(0));

  z_stream stream{};
  if (deflateInit2(&stream, Z_BEST_COMPRESSION, Z_DEFLATED, kGzipFormat, kDefaultMemory,
                   Z_DEFAULT_STRATEGY) != Z_OK) {
    ereport(ERROR,
            (errcode(ERRCODE_OUT_OF_MEMORY), errmsg("could not pack %zu bytes", body.size())));
  }
  const uLong bound = deflateBound(&stream, body.size());
  auto* result =
      static_cast<bytea*>(palloc_extended(VARHDRSZ + bound, MCXT_ALLOC_NO_OOM | MCXT_ALLOC_HUGE));
  int status = Z_MEM_ERROR;
  if (result != nullptr) {
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(body.data()));
    stream.avail_in = static_cast<uInt>(body.size());
    stream.next_out = reinterpret_cast<Bytef*>(VARDATA(result));
    stream.avail_out = static_cast<uInt>(bound);
    status = deflate(&stream, Z_FINISH);
  }
  const uLong size = stream.total_out;
  deflateEnd(&stream);
  if (status != Z_STREAM_END) {
    ereport(ERROR,
            (errcode(ERRCODE_OUT_OF_MEMORY), errmsg("could not pack %zu bytes", body.size())));
  }
  SET_VARSIZE(result, VARHDRSZ + size);
  PG_RETURN_BYTEA_P(result);
}
