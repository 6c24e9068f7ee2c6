// What buckets of what is tracked hold too much, or too little: the parts of hours that a span's
// ends cut off.

#include <algorithm>

#include "glue/sums/feed.hpp"
#include "glue/sums/tracked_sums.hpp"

namespace calytics::glue {

namespace {

using core::Basis;
using core::CubeKey;

// What the queries below give: basis, at, service, host, counts, weight, and what else they tell.
struct Counted {
  explicit Counted(const Datum* values)
      : basis(text_of(values[0])),
        at(DatumGetTimestampTz(values[1])),
        key{text_of(values[2]), text_of(values[3]), {}},
        counts(text_of(values[4])),
        weight(DatumGetInt64(values[5])) {}

  std::string_view basis;
  TimestampTz at;
  CubeKey key;
  std::string_view counts;
  std::int64_t weight;
};

}  // namespace

void add_tracked(Reader& reader, const Span& span, TimestampTz at, const CubeKey& key,
                 std::string_view counts, std::int64_t weight) {
  Collector& sums = *reader.sums;
  if (sums.lets(key.service, key.host))
    sums.add(span, false, local_time(sums.rules(), at), key, counts, weight);
}

namespace {

struct Cuts {
  Reader* reader;
  std::span<const Correction> corrections;
};

void add_cut(void* context, const Datum* values, const bool* /*nulls*/) {
  const Cuts& cuts = *static_cast<Cuts*>(context);
  Reader& reader = *cuts.reader;
  const Counted row(values);
  const Correction& wanted = cuts.corrections[static_cast<std::size_t>(DatumGetInt64(values[6]))];
  if (hour_of(local_time(reader.sums->rules(), row.at)) != wanted.hour) return;
  for (const Correction& correction : cuts.corrections) {
    if (correction.span->basis_name == row.basis && correction.lo == wanted.lo &&
        correction.hi == wanted.hi)
      add_tracked(reader, *correction.span, row.at, row.key, row.counts, correction.weight);
  }
}

}  // namespace

void read_tracked(const Reader& reader, const Parameters<4>& ranges, RowSink sink, void* context) {
  static const Oid types[] = {INT4OID, INT8OID, INT8ARRAYOID, TEXTARRAYOID, kInstants, kInstants};
  static Statement query(
      "select t.*, r.n from unnest($3, $4, $5, $6) r (n, basis, lo, hi)"
      " cross join lateral calytics.tracked_between($1, $2, r.basis, r.lo, r.hi) t",
      types);
  if (ranges.size() == 0) return;
  const std::array<Datum, 6> values = {
      Int32GetDatum(reader.source),    Int64GetDatum(reader.segment),
      ranges.array(0, INT8OID),        ranges.array(1, TEXTOID),
      ranges.array(2, TIMESTAMPTZOID), ranges.array(3, TIMESTAMPTZOID)};
  query.run(values.data(), nullptr, sink, context);
}

void add_tracked_cuts(Reader& reader, std::span<const Correction> corrections) {
  Cuts cuts = {&reader, corrections};
  Parameters<4> ranges(corrections.size());
  for (std::size_t i = 0; i < corrections.size(); ++i) {
    const Correction& correction = corrections[i];
    const auto same = [&](const Correction& other) {
      return other.span->basis_name == correction.span->basis_name && other.lo == correction.lo &&
             other.hi == correction.hi;
    };
    if (correction.span->basis != Basis::tracked ||
        std::any_of(corrections.begin(), corrections.begin() + static_cast<std::ptrdiff_t>(i),
                    same))
      continue;
    ranges.put({Int64GetDatum(static_cast<std::int64_t>(i)),
                text_datum(correction.span->basis_name), TimestampTzGetDatum(correction.lo),
                TimestampTzGetDatum(correction.hi)});
  }
  read_tracked(reader, ranges, add_cut, &cuts);
}

}  // namespace calytics::glue
