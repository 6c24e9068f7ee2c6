// calytics.collect, the reader of sums: buckets, plus what is folded but not merged into them, plus
// what became of chains since they were folded, corrected by the facts of the parts of hours that a
// span's ends cut off. All of it is read in the caller's one snapshot, in which the result equals a
// recount of the facts, wherever the folder stands.

#include "collect.hpp"

extern "C" {
#include "utils/lsyscache.h"
}

#include <algorithm>
#include <array>

#include "core/pieces.hpp"

#include "fact.hpp"
#include "statement.hpp"
#include "tally.hpp"
#include "zone.hpp"

CALYTICS_SQL_FUNCTION(calytics_collect);

namespace {

using calytics::core::Basis;
using calytics::core::Contribution;
using calytics::core::CubeKey;
using calytics::core::Fact;
using calytics::core::kUnknown;
using calytics::core::Piece;
using calytics::core::Unit;
using calytics::glue::bytes_of;
using calytics::glue::Collector;
using calytics::glue::Correction;
using calytics::glue::Statement;
using calytics::glue::Span;

constexpr Oid kInstants = 1185;  // timestamptz[]
constexpr Oid kLocals = 1115;    // timestamp[]

// What longer bookings than this are looked up by another index.
constexpr std::int64_t kShort = 6 * calytics::core::kHour;

std::string_view text_of(Datum value) {
  return bytes_of(PG_DETOAST_DATUM_PACKED(value));
}

Datum array_of(Datum* values, std::size_t size, Oid type) {
  std::int16_t length = 0;
  bool by_value = false;
  char alignment = 0;
  get_typlenbyvalalign(type, &length, &by_value, &alignment);
  return PointerGetDatum(
      construct_array(values, static_cast<int>(size), type, length, by_value, alignment));
}

// Columns of an unnest, filled row by row.
template <std::size_t columns>
class Parameters {
 public:
  explicit Parameters(std::size_t room) {
    for (Datum*& column : values_)
      column = static_cast<Datum*>(palloc(sizeof(Datum) * (room + 1)));
  }
  void put(const std::array<Datum, columns>& row) {
    for (std::size_t i = 0; i < columns; ++i)
      values_[i][size_] = row[i];
    ++size_;
  }
  std::size_t size() const { return size_; }
  Datum array(std::size_t column, Oid type) const { return array_of(values_[column], size_, type); }

 private:
  std::array<Datum*, columns> values_ = {};
  std::size_t size_ = 0;
};

// A reader: what one call of calytics.collect shares.
struct Reader {
  std::int32_t source;
  Collector* sums;
  std::int64_t segment = 0;
  std::int64_t run = 0;
};

// Hands a fact's contributions on, in the bytes of a tally.
struct Feed {
  Reader* reader;
  const Fact* fact;
  std::int64_t weight;
  const Correction* correction = nullptr;  // for cut facts
  TimestampTz ended_by = kUnknown;         // for those that outlast it
};

std::string_view tally_bytes(const Contribution& contribution, std::uint8_t* room) {
  calytics::core::TallyWriter writer(room);
  for (const calytics::core::TallyEntry& entry : contribution.counts)
    writer.put(entry.index, entry.count);
  return {reinterpret_cast<const char*>(room), static_cast<std::size_t>(writer.end() - room)};
}

bool within(const Span& span, TimestampTz at) { return at >= span.lo && at < span.hi; }

void contribute(Feed& feed, unsigned bases, void (*sink)(void*, const Contribution&)) {
  const Fact& fact = *feed.fact;
  if (!feed.reader->sums->lets(fact.service, fact.host)) return;
  calytics::glue::raise_unless_ok(
      calytics::core::contribute(fact, feed.reader->sums->rules(), bases, sink, &feed));
}

// Adds a contribution to the spans that `wanted` picks.
template <typename Wanted>
void add_contribution(const Feed& feed, const Contribution& contribution, Wanted wanted) {
  constexpr std::size_t most_entries = 128;
  std::array<std::uint8_t, calytics::core::TallyWriter::room(most_entries)> room;
  if (contribution.counts.size() > most_entries) elog(ERROR, "a contribution is too long");
  std::string_view counts;
  Timestamp local = 0;
  const CubeKey key = {feed.fact->service, feed.fact->host, contribution.currency};
  for (const Span& span : feed.reader->sums->spans().all) {
    bool unfinished = false;
    if (span.basis != contribution.basis || !wanted(span, unfinished)) continue;
    if (counts.empty()) {
      counts = tally_bytes(contribution, room.data());
      local = calytics::glue::local_time(feed.reader->sums->rules(), contribution.at);
    }
    feed.reader->sums->add(span, unfinished, local, key, counts, feed.weight);
  }
}

// Of a span that leaves out what had not ended by a moment: true if this had not.
bool outlasts(const Span& span, TimestampTz ended_at, TimestampTz ended_by) {
  return span.basis == Basis::service && span.ended_by != kUnknown && span.ended_by == ended_by &&
         ended_at > ended_by;
}

void add_outlasting(void* context, const Contribution& contribution) {
  const Feed& feed = *static_cast<Feed*>(context);
  add_contribution(feed, contribution, [&](const Span& span, bool& unfinished) {
    unfinished = span.window == "period";
    return within(span, contribution.at) && outlasts(span, feed.fact->ended_at, feed.ended_by);
  });
}

// ---- the source and where the folder stands

struct Settings {
  Reader* reader;
  calytics::core::Rules* rules;
  MemoryContext memory;
  bool found = false;
};

void read_settings(void* context, const Datum* values, const bool* nulls) {
  auto* to = static_cast<Settings*>(context);
  to->found = true;
  MemoryContext before = MemoryContextSwitchTo(to->memory);
  *to->rules = calytics::glue::rules_of(values, nulls);
  MemoryContextSwitchTo(before);
  to->reader->segment = DatumGetInt64(values[calytics::glue::kSourceColumns]);
  to->reader->run = DatumGetInt64(values[calytics::glue::kSourceColumns + 1]);
}

// ---- buckets

void add_bucket(void* context, const Datum* values, const bool* /*nulls*/) {
  Collector& sums = *static_cast<Reader*>(context)->sums;
  sums.add_cube(sums.spans().all[static_cast<std::size_t>(DatumGetInt64(values[0]))],
                DatumGetTimestamp(values[1]), text_of(values[2]), DatumGetInt64(values[3]));
}

const char* grain_name(Unit grain) {
  return grain == Unit::month ? "month" : grain == Unit::day ? "day" : "hour";
}

void add_buckets(Reader& reader) {
  static const Oid types[] = {INT4OID, INT8ARRAYOID, TEXTARRAYOID, TEXTARRAYOID,
                              BOOLARRAYOID, kLocals, kLocals, INT8ARRAYOID};
  static Statement query(
      "select p.n, b.at, b.cells, p.weight"
      "  from unnest($2, $3, $4, $5, $6, $7, $8) p (n, basis, grain, detail, lo, hi, weight)"
      " cross join lateral ("
      "   select x.at, x.cells from calytics.bucket x"
      "    where x.source_id = $1 and x.basis = p.basis and x.grain = p.grain and x.detail = p.detail"
      "      and x.at >= p.lo and x.at < p.hi offset 0) b",
      types);
  const auto spans = reader.sums->spans().all;
  Parameters<7> pieces(spans.size() * calytics::core::kMostPieces);
  for (std::size_t i = 0; i < spans.size(); ++i) {
    std::array<Piece, calytics::core::kMostPieces> of_span;
    const Span& span = spans[i];
    const std::size_t size =
        calytics::core::pieces_of(span.first_hour, span.end_hour, span.unit, of_span);
    for (std::size_t j = 0; j < size; ++j) {
      const Piece& piece = of_span[j];
      pieces.put({Int64GetDatum(static_cast<std::int64_t>(i)), calytics::glue::text_datum(span.basis_name),
                  CStringGetTextDatum(grain_name(piece.grain)),
                  BoolGetDatum(span.split || reader.sums->filtered()), TimestampGetDatum(piece.lo),
                  TimestampGetDatum(piece.hi), Int64GetDatum(piece.weight)});
    }
  }
  if (pieces.size() == 0) return;
  const std::array<Datum, 8> values = {
      Int32GetDatum(reader.source),       pieces.array(0, INT8OID),     pieces.array(1, TEXTOID),
      pieces.array(2, TEXTOID),           pieces.array(3, BOOLOID),     pieces.array(4, TIMESTAMPOID),
      pieces.array(5, TIMESTAMPOID),      pieces.array(6, INT8OID)};
  query.run(values.data(), nullptr, add_bucket, &reader);
}

// ---- folded, and not merged into buckets

void add_delta(void* context, const Datum* values, const bool* /*nulls*/) {
  Collector& sums = *static_cast<Reader*>(context)->sums;
  const std::string_view basis = text_of(values[0]);
  const Timestamp at = DatumGetTimestamp(values[1]);
  for (const Span& span : sums.spans().all) {
    if (span.basis_name == basis && at >= span.first_hour && at < span.end_hour)
      sums.add_cube(span, at, text_of(values[2]), 1);
  }
}

void add_deltas(Reader& reader) {
  static const Oid types[] = {INT4OID, INT8OID};
  static Statement query(
      "select r.basis, r.at, r.cells from calytics.recent_delta r"
      " where r.run >= $2 and r.source_id = $1",
      types);
  const std::array<Datum, 2> values = {Int32GetDatum(reader.source), Int64GetDatum(reader.run)};
  query.run(values.data(), nullptr, add_delta, &reader);
}

// ---- marked, and not folded

void add_changed_fact(void* context, const Contribution& contribution) {
  const Feed& feed = *static_cast<Feed*>(context);
  add_contribution(feed, contribution, [&](const Span& span, bool& /*unfinished*/) {
    return within(span, contribution.at);
  });
}

void add_awaiting(Reader& reader, TimestampTz awaiting_at, TimestampTz starts_at, TimestampTz created_at,
                  const CubeKey& key, std::int64_t weight) {
  Collector& sums = *reader.sums;
  if (!sums.lets(key.service, key.host)) return;
  std::array<std::uint8_t, calytics::core::TallyWriter::room(2)> room;
  calytics::core::TallyWriter not_cancelled(room.data());
  constexpr std::int32_t cancelled = 5;
  constexpr std::int32_t awaiting = 17;
  not_cancelled.put(cancelled, -1);
  not_cancelled.put(awaiting, 1);
  const std::string_view counts = {reinterpret_cast<const char*>(room.data()),
                                   static_cast<std::size_t>(not_cancelled.end() - room.data())};
  for (const Span& span : sums.spans().all) {
    const TimestampTz at = span.basis == Basis::service  ? starts_at
                           : span.basis == Basis::booked ? created_at
                                                         : kUnknown;
    if (at == kUnknown || !within(span, at) ||
        awaiting_at <= span.as_of - sums.rules().lapse_after) {
      continue;
    }
    sums.add(span, false, calytics::glue::local_time(sums.rules(), at), key, counts, weight);
  }
}

void add_change(Reader& reader, Datum row, std::int64_t weight) {
  const Fact fact = calytics::glue::fact_of(DatumGetHeapTupleHeader(row));
  Feed feed = {&reader, &fact, weight};
  contribute(feed, calytics::core::kAllBases, add_changed_fact);
  feed.weight = -weight;
  const auto spans = reader.sums->spans().all;
  for (std::size_t i = 0; i < spans.size(); ++i) {
    feed.ended_by = spans[i].ended_by;
    const bool first = std::none_of(spans.begin(), spans.begin() + static_cast<std::ptrdiff_t>(i),
                                    [&](const Span& s) { return s.ended_by == feed.ended_by; });
    if (first && feed.ended_by != kUnknown && fact.ended_at > feed.ended_by)
      contribute(feed, static_cast<unsigned>(Basis::service), add_outlasting);
  }
  if (fact.awaiting_at != kUnknown && fact.confirmed_at != kUnknown) {
    add_awaiting(reader, fact.awaiting_at, fact.starts_at, fact.created_at,
                 {fact.service, fact.host, fact.currency}, weight);
  }
}

void add_changed(void* context, const Datum* values, const bool* nulls) {
  Reader& reader = *static_cast<Reader*>(context);
  if (!nulls[0]) add_change(reader, values[0], -1);
  if (!nulls[1]) add_change(reader, values[1], 1);
}

void add_changes(Reader& reader) {
  static const Oid types[] = {INT4OID, INT8OID};
  static Statement query("select u.before, u.after from calytics.unsettled($1, $2) u", types);
  const std::array<Datum, 2> values = {Int32GetDatum(reader.source), Int64GetDatum(reader.segment)};
  query.run(values.data(), nullptr, add_changed, &reader);
}

// ---- facts in parts of hours

void add_cut_fact(void* context, const Contribution& contribution) {
  Feed& feed = *static_cast<Feed*>(context);
  const Correction& wanted = *feed.correction;
  if (contribution.at < wanted.lo || contribution.at >= wanted.hi ||
      calytics::glue::hour_of(calytics::glue::local_time(feed.reader->sums->rules(), contribution.at)) !=
          wanted.hour) {
    return;
  }
  for (const Correction& correction : feed.reader->sums->spans().corrections) {
    if (correction.lo != wanted.lo || correction.hi != wanted.hi) continue;
    feed.weight = correction.weight;
    add_contribution(feed, contribution, [&](const Span& span, bool& /*unfinished*/) {
      return &span == correction.span;
    });
  }
}

void add_cut(void* context, const Datum* values, const bool* nulls) {
  Reader& reader = *static_cast<Reader*>(context);
  const Fact fact = calytics::glue::fact_of(values, nulls);
  Feed feed = {&reader, &fact, 0};
  feed.correction =
      &reader.sums->spans().corrections[static_cast<std::size_t>(DatumGetInt64(values[calytics::glue::kChainColumns]))];
  contribute(feed, static_cast<unsigned>(feed.correction->span->basis), add_cut_fact);
}

void add_cuts(Reader& reader, Basis basis, Statement& query) {
  const auto corrections = reader.sums->spans().corrections;
  Parameters<3> ranges(corrections.size());
  for (std::size_t i = 0; i < corrections.size(); ++i) {
    const Correction& correction = corrections[i];
    const auto same = [&](const Correction& other) {
      return other.span->basis == basis && other.lo == correction.lo && other.hi == correction.hi;
    };
    if (correction.span->basis != basis ||
        std::any_of(corrections.begin(), corrections.begin() + static_cast<std::ptrdiff_t>(i), same)) {
      continue;
    }
    ranges.put({Int64GetDatum(static_cast<std::int64_t>(i)), TimestampTzGetDatum(correction.lo),
                TimestampTzGetDatum(correction.hi)});
  }
  if (ranges.size() == 0) return;
  const std::array<Datum, 5> values = {Int32GetDatum(reader.source), ranges.array(0, INT8OID),
                                       ranges.array(1, TIMESTAMPTZOID), ranges.array(2, TIMESTAMPTZOID),
                                       Int64GetDatum(reader.sums->rules().lapse_after)};
  query.run(values.data(), nullptr, add_cut, &reader);
}

void add_all_cuts(Reader& reader) {
  static const Oid types[] = {INT4OID, INT8ARRAYOID, kInstants, kInstants, INT8OID};
  static Statement starting(
      "select c.*, r.n from unnest($2, $3, $4) r (n, lo, hi) cross join lateral ("
      "  select x.* from calytics.chain x"
      "   where x.starts_at >= r.lo and x.starts_at < r.hi and x.source_id = $1 offset 0) c",
      types);
  static Statement created(
      "select c.*, r.n from unnest($2, $3, $4) r (n, lo, hi) cross join lateral ("
      "  select x.* from calytics.chain x"
      "   where x.created_at >= r.lo and x.created_at < r.hi and x.source_id = $1 offset 0) c",
      types);
  static Statement happened(
      "select c.*, r.n from unnest($2, $3, $4) r (n, lo, hi)"
      " cross join lateral calytics.happened_between($1, r.lo, r.hi,"
      "   make_interval(secs => $5 / 1000000.0)) h"
      " cross join lateral ("
      "   select x.* from calytics.chain x where x.source_id = $1 and x.root_uid = h.root_uid offset 0) c",
      types);
  add_cuts(reader, Basis::service, starting);
  add_cuts(reader, Basis::booked, created);
  add_cuts(reader, Basis::event, happened);
}

// ---- facts that had not ended

void add_unfinished(void* context, const Datum* values, const bool* nulls) {
  Reader& reader = *static_cast<Reader*>(context);
  const Fact fact = calytics::glue::fact_of(values, nulls);
  Feed feed = {&reader, &fact, -1};
  feed.ended_by = DatumGetTimestampTz(values[calytics::glue::kChainColumns]);
  contribute(feed, static_cast<unsigned>(Basis::service), add_outlasting);
}

void add_all_unfinished(Reader& reader) {
  static const Oid types[] = {INT4OID, kInstants, kInstants, kInstants, kInstants};
  static Statement lasting(
      "select c.*, o.ended_by from unnest($2, $3, $4, $5) o (ended_by, since, lo, hi)"
      " cross join lateral ("
      "   select x.* from calytics.chain x"
      "    where x.starts_at >= o.since and x.starts_at < o.hi and x.source_id = $1"
      "      and x.ended_at > o.ended_by and x.ended_at - x.starts_at <= interval '6 hours' offset 0) c"
      " union all "
      "select c.*, o.ended_by from unnest($2, $3, $4, $5) o (ended_by, since, lo, hi)"
      " cross join lateral ("
      "   select x.* from calytics.chain x"
      "    where tstzrange(x.starts_at, x.ended_at) @> o.ended_by"
      "      and x.ended_at - x.starts_at > interval '6 hours' offset 0) c"
      " where c.starts_at >= o.lo and c.starts_at < o.hi and c.source_id = $1",
      types);
  const auto spans = reader.sums->spans().all;
  Parameters<4> wanted(spans.size());
  for (std::size_t i = 0; i < spans.size(); ++i) {
    const Span& span = spans[i];
    if (span.basis != Basis::service || span.ended_by == kUnknown) continue;
    TimestampTz lo = span.lo;
    TimestampTz hi = span.hi;
    bool first = true;
    for (std::size_t j = 0; j < spans.size(); ++j) {
      const Span& other = spans[j];
      if (other.basis != Basis::service || other.ended_by != span.ended_by) continue;
      first = first && j >= i;
      lo = std::min(lo, other.lo);
      hi = std::max(hi, other.hi);
    }
    if (!first) continue;
    wanted.put({TimestampTzGetDatum(span.ended_by), TimestampTzGetDatum(std::max(lo, span.ended_by - kShort)),
                TimestampTzGetDatum(lo), TimestampTzGetDatum(hi)});
  }
  if (wanted.size() == 0) return;
  const std::array<Datum, 5> values = {Int32GetDatum(reader.source), wanted.array(0, TIMESTAMPTZOID),
                                       wanted.array(1, TIMESTAMPTZOID), wanted.array(2, TIMESTAMPTZOID),
                                       wanted.array(3, TIMESTAMPTZOID)};
  lasting.run(values.data(), nullptr, add_unfinished, &reader);
}

// ---- clients who were asked for a new time and may still give one

void add_waiting(void* context, const Datum* values, const bool* nulls) {
  const auto instant = [&](int i) { return nulls[i] ? kUnknown : DatumGetTimestampTz(values[i]); };
  add_awaiting(*static_cast<Reader*>(context), instant(0), instant(1), instant(2),
               {text_of(values[3]), text_of(values[4]), text_of(values[5])}, 1);
}

void add_all_waiting(Reader& reader) {
  static const Oid types[] = {INT4OID, TIMESTAMPTZOID};
  static Statement query(
      "select x.awaiting_at, x.starts_at, x.created_at, x.service, x.host, x.currency"
      "  from calytics.chain x"
      " where x.awaiting_at > $2 and x.source_id = $1 and x.confirmed_at is not null",
      types);
  const auto spans = reader.sums->spans().all;
  TimestampTz since = DT_NOEND;
  for (const Span& span : spans)
    since = std::min(since, span.as_of - reader.sums->rules().lapse_after);
  const std::array<Datum, 2> values = {Int32GetDatum(reader.source), TimestampTzGetDatum(since)};
  query.run(values.data(), nullptr, add_waiting, &reader);
}

}  // namespace

Datum calytics_collect(PG_FUNCTION_ARGS) {
  static const Oid types[] = {INT4OID};
  static Statement settings_query(
      "select s.*, f.segment, f.recent_run"
      "  from calytics.source s"
      " cross join (select x.segment, x.recent_run from calytics.fold_state x order by x.run desc limit 1) f"
      " where s.source_id = $1",
      types);
  InitMaterializedSRF(fcinfo, 0);
  auto* result = reinterpret_cast<ReturnSetInfo*>(fcinfo->resultinfo);
  MemoryContext memory = CurrentMemoryContext;
  if (PG_ARGISNULL(0) || PG_ARGISNULL(1)) return Datum{0};

  SPI_connect();
  Reader reader = {PG_GETARG_INT32(0), nullptr};
  calytics::core::Rules rules;
  Settings settings = {&reader, &rules, memory};
  const Datum source = Int32GetDatum(reader.source);
  settings_query.run(&source, nullptr, read_settings, &settings);
  if (settings.found) {
    Collector sums(calytics::glue::spans_argument(fcinfo, 1, rules),
                   calytics::glue::filter_argument(fcinfo, 2),
                   calytics::glue::filter_argument(fcinfo, 3), rules, memory);
    reader.sums = &sums;
    if (!sums.spans().all.empty()) {
      add_buckets(reader);
      add_deltas(reader);
      add_changes(reader);
      add_all_cuts(reader);
      add_all_unfinished(reader);
      add_all_waiting(reader);
    }
    sums.put_rows(result->setResult, result->setDesc);
  }
  SPI_finish();
  return Datum{0};
}
