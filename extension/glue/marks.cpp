// calytics.mark(): the same for callers from SQL.

#include "marks.hpp"

#include "columns.hpp"
#include "segment.hpp"
#include "wake.hpp"

CALYTICS_SQL_FUNCTION(calytics_mark);

namespace {

constexpr Oid kMarked[] = {INT4OID, INT8OID, TEXTARRAYOID};

calytics::glue::Statement insert_marks(
    "insert into calytics.chain_mark (source_id, segment, root_uid)"
    " select $1, $2, r from unnest($3) r",
    kMarked);

}  // namespace

void calytics::glue::mark_chains(std::int32_t source, Datum roots) {
  Arguments().put_all(source, open_segment()).put(roots).write(insert_marks);
  wake_folder_at_commit(MyDatabaseId);
}

Datum calytics_mark(PG_FUNCTION_ARGS) {
  SPI_connect();
  calytics::glue::mark_chains(PG_GETARG_INT32(0), PG_GETARG_DATUM(1));
  SPI_finish();
  PG_RETURN_VOID();
}
