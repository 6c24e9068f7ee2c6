// calytics.collect, the reader of sums: buckets, plus what is folded but not merged into them, plus
// what became of chains since they were folded, corrected by the facts of the parts of hours that a
// span's ends cut off. All of it is read in the caller's one snapshot, in which the result equals a
// recount of the facts, wherever the folder stands. A session that asks again is answered out of
// what it remembers (memo.hpp), and has read only what changed since.

#include "glue/sums/memo.hpp"

extern "C" {
#include "utils/memutils.h"
}

#include <algorithm>

#include "core/metrics/pieces.hpp"
#include "glue/facts/fact.hpp"
#include "glue/sums/spans.hpp"
#include "glue/sums/split.hpp"
#include "glue/worker/folder_slots.hpp"

CALYTICS_SQL_FUNCTION(calytics_collect);

namespace calytics::glue {

namespace {

using core::Piece;
using core::Unit;

void add_bucket(void* context, const Datum* values, const bool* /*nulls*/) {
  Collector& sums = *static_cast<Reader*>(context)->sums;
  sums.add_cube(sums.spans().all[static_cast<std::size_t>(DatumGetInt64(values[0]))],
                DatumGetTimestamp(values[1]), text_of(values[2]), DatumGetInt64(values[3]));
}

// By what buckets of a grain keep apart that a span's sums are made of (calytics.cube_splits).
core::Split stored_split(const Collector& sums, const Span& span, Unit grain) {
  if (span.basis == core::Basis::tracked || grain == Unit::hour)
    return {.service = true, .host = true};
  return sums.needed(span);
}

const char* grain_name(Unit grain) {
  return grain == Unit::month ? "month" : grain == Unit::day ? "day" : "hour";
}

}  // namespace

void add_buckets(Reader& reader) {
  static const Oid types[] = {INT4OID,      INT8ARRAYOID, TEXTARRAYOID, TEXTARRAYOID,
                              TEXTARRAYOID, kLocals,      kLocals,      INT8ARRAYOID};
  static Statement query(
      "select p.n, b.at, b.cells, p.weight"
      "  from unnest($2, $3, $4, $5, $6, $7, $8) p (n, basis, grain, split, lo, hi, weight)"
      " cross join lateral ("
      "   select x.at, x.cells from calytics.bucket x"
      "    where x.source_id = $1 and x.basis = p.basis and x.grain = p.grain and x.split = "
      "p.split"
      "      and x.at >= p.lo and x.at < p.hi offset 0) b",
      types);
  const auto spans = reader.sums->spans().all;
  Parameters<7> pieces(spans.size() * core::kMostPieces);
  for (std::size_t i = 0; i < spans.size(); ++i) {
    std::array<Piece, core::kMostPieces> of_span;
    const Span& span = spans[i];
    const std::size_t size = core::pieces_of(span.first_hour, span.end_hour, span.unit, of_span);
    for (std::size_t j = 0; j < size; ++j) {
      const Piece& piece = of_span[j];
      pieces.put({Int64GetDatum(static_cast<std::int64_t>(i)), text_datum(span.basis_name),
                  CStringGetTextDatum(grain_name(piece.grain)),
                  CStringGetTextDatum(name_of(stored_split(*reader.sums, span, piece.grain))),
                  TimestampGetDatum(piece.lo), TimestampGetDatum(piece.hi),
                  Int64GetDatum(piece.weight)});
    }
  }
  if (pieces.size() == 0) return;
  const std::array<Datum, 8> values = {Int32GetDatum(reader.source),  pieces.array(0, INT8OID),
                                       pieces.array(1, TEXTOID),      pieces.array(2, TEXTOID),
                                       pieces.array(3, TEXTOID),      pieces.array(4, TIMESTAMPOID),
                                       pieces.array(5, TIMESTAMPOID), pieces.array(6, INT8OID)};
  query.run(values.data(), nullptr, add_bucket, &reader);
}

namespace {

void add_delta(void* context, const Datum* values, const bool* /*nulls*/) {
  Collector& sums = *static_cast<Reader*>(context)->sums;
  const std::string_view basis = text_of(values[0]);
  const Timestamp at = DatumGetTimestamp(values[1]);
  for (const Span& span : sums.spans().all) {
    if (span.basis_name == basis && at >= span.first_hour && at < span.end_hour)
      sums.add_cube(span, at, text_of(values[2]), 1);
  }
}

}  // namespace

void add_deltas(Reader& reader) {
  static const Oid types[] = {INT4OID, INT8OID};
  static Statement query(
      "select r.basis, r.at, r.cells from calytics.recent_delta r"
      " where r.run >= $2 and r.source_id = $1",
      types);
  const std::array<Datum, 2> values = {Int32GetDatum(reader.source),
                                       Int64GetDatum(reader.recent_run)};
  query.run(values.data(), nullptr, add_delta, &reader);
}

namespace {

// Who is told of the sums.
struct Answer {
  SumSink sink;
  void* context;
};

void add_folded(Reader& reader) {
  if (reader.sums->spans().all.empty()) return;
  add_buckets(reader);
  add_deltas(reader);
  add_cuts(reader);
  add_unfinished(reader);
  add_awaiting(reader);
}

// Gives the sums of what is folded and of what is not.
void answer(Reader& reader, const Answer& to) {
  Collector& folded = *reader.sums;
  if (!reader.marks) {
    folded.each(to.sink, to.context);
    return;
  }
  Collector pending(folded.question(), CurrentMemoryContext);
  reader.sums = &pending;
  add_changes(reader);
  folded.add(pending, 1);
  folded.each(to.sink, to.context);
  folded.add(pending, -1);
  reader.sums = &folded;
}

// False if what is remembered is of no use in this snapshot.
bool answer_from(Memo& memo, Reader& reader, const Question& question, const Answer& to) {
  open_memo(memo);
  reader.sums = memo.sums;
  if (!catch_up(reader, memo.quiet, memo.run)) {
    forget(memo);
    return false;
  }
  move_to(reader, memo.quiet, question.spans.all);
  answer(reader, to);
  settle_memo(memo, reader.run);
  return true;
}

void answer_question(Reader& reader, const Question& question, MemoryContext memory,
                     const Answer& to) {
  bool remembers = may_remember(question);
  Memo* memo = remembers ? memo_of(question, reader.state_table) : nullptr;
  if (memo != nullptr && memo->run > reader.run) {
    // An old snapshot.
    remembers = false;
  } else if (memo != nullptr && answer_from(*memo, reader, question, to)) {
    return;
  }
  MemoryContext own = AllocSetContextCreate(memory, "calytics memo", ALLOCSET_DEFAULT_SIZES);
  Collector sums(question, own);
  reader.sums = &sums;
  add_folded(reader);
  answer(reader, to);
  if (remembers) remember_sums(reader, own);
  reader.sums = nullptr;
}

Datum text_or_null(std::string_view text, bool there, bool& null) {
  null = !there;
  return there ? text_datum(text) : Datum{0};
}

void put_sums_row(void* context, const Span& span, bool unfinished, Timestamp at,
                  const core::CubeKey& key, std::string_view counts) {
  auto* rows = static_cast<ReturnSetInfo*>(context);
  std::array<bool, 8> nulls = {};
  nulls[3] = span.unit == core::Unit::none;
  std::array<Datum, 8> values = {text_datum(span.role),
                                 text_datum(span.basis_name),
                                 text_datum(unfinished ? "unfinished" : span.window),
                                 TimestampGetDatum(at),
                                 text_or_null(key.service, span.split.service, nulls[4]),
                                 text_or_null(key.host, span.split.host, nulls[5]),
                                 text_datum(key.currency),
                                 text_datum(counts)};
  tuplestore_putvalues(rows->setResult, rows->setDesc, values.data(), nulls.data());
}

}  // namespace

void collect(std::int32_t source, std::span<const Span> spans, const Filter& services,
             const Filter& hosts, MemoryContext memory, SumSink sink, void* context) {
  expect_reading();
  Reader reader = {source, nullptr};
  core::Rules rules;
  if (!read_settings(reader, rules, memory)) return;
  const Question question = {source, rules, rounded(spans, rules, DT_NOEND), services, hosts};
  answer_question(reader, question, memory, {sink, context});
}

Datum put_sums(FunctionCallInfo fcinfo, Collect collect) {
  InitMaterializedSRF(fcinfo, 0);
  MemoryContext memory = CurrentMemoryContext;
  if (PG_ARGISNULL(0) || PG_ARGISNULL(1)) return Datum{0};
  SPI_connect();
  collect(PG_GETARG_INT32(0), spans_argument(fcinfo, 1), filter_argument(fcinfo, 2),
          filter_argument(fcinfo, 3), memory, put_sums_row, fcinfo->resultinfo);
  SPI_finish();
  return Datum{0};
}

}  // namespace calytics::glue

Datum calytics_collect(PG_FUNCTION_ARGS) {
  return calytics::glue::put_sums(fcinfo, calytics::glue::collect);
}
