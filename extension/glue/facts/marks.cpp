// A chain is marked once a transaction, however many of a batch's webhooks change it: a mark only
// tells the folder to look. The chains marked last are remembered; whoever has marked more of them
// marks some again, which changes nothing.
//
// calytics.mark(): the same for callers from SQL.

#include "glue/facts/marks.hpp"

extern "C" {
#include "access/xact.h"
#include "commands/sequence.h"
}

#include <algorithm>
#include <array>
#include <cstring>

#include "glue/facts/segment.hpp"
#include "glue/pg/columns.hpp"
#include "glue/pg/sequence.hpp"
#include "glue/worker/wake.hpp"

CALYTICS_SQL_FUNCTION(calytics_mark);

namespace {

constexpr Oid kMarks[] = {INT4OID, INT8OID, TEXTARRAYOID};

calytics::glue::Statement insert_marks(
    "insert into calytics.chain_mark (source_id, segment, root_uid)"
    " select $1, $2, r from unnest($3) r",
    kMarks);

struct Marked {
  std::uint64_t turn;  // of the segment
  std::int32_t source;
  std::size_t size;
  std::array<char, 40> root;

  bool is(std::uint64_t now, std::int32_t of, std::string_view uid) const {
    return turn == now && source == of && std::string_view(root.data(), size) == uid;
  }
};

std::array<Marked, 64> marked = {};
std::size_t oldest = 0;

// False if this transaction has marked it already.
bool is_news(std::int32_t source, std::string_view root) {
  const std::uint64_t turn = calytics::glue::segment_turn();
  if (std::any_of(marked.begin(), marked.end(),
                  [&](const Marked& one) { return one.is(turn, source, root); }))
    return false;
  Marked& place = marked[oldest];
  if (root.size() > place.root.size()) return true;
  oldest = (oldest + 1) % marked.size();
  place.turn = turn;
  place.source = source;
  place.size = root.size();
  memcpy(place.root.data(), root.data(), root.size());
  return true;
}

}  // namespace

void calytics::glue::mark_chains(Table& marks, std::int32_t source,
                                 std::span<const std::string_view> roots) {
  const std::int64_t segment = open_segment();
  const Oid numbers = sequence_named("mark_id");
  const core::Moment now = moment_of(GetCurrentTransactionStartTimestamp());
  for (const std::string_view root : roots) {
    if (!is_news(source, root)) continue;
    const std::int64_t number = nextval_internal(numbers, false);
    marks.insert(Arguments().put_all(source, segment, number, root, now));
  }
  wake_folder_at_commit(static_cast<std::int64_t>(roots.size()));
}

Datum calytics_mark(PG_FUNCTION_ARGS) {
  SPI_connect();
  const std::uint64_t rows = calytics::glue::Arguments()
                                 .put_all(PG_GETARG_INT32(0), calytics::glue::open_segment())
                                 .put(PG_GETARG_DATUM(1))
                                 .write(insert_marks);
  calytics::glue::wake_folder_at_commit(static_cast<std::int64_t>(rows));
  SPI_finish();
  PG_RETURN_VOID();
}
