#include <array>
#include <cstring>

#include "glue/pg/memory.hpp"
#include "glue/sums/collect.hpp"
#include "glue/sums/tally.hpp"

namespace calytics::glue {

namespace {

// What a sum's key begins with; the bytes of a CubeKey follow.
struct Place {
  std::uint32_t span;
  std::uint32_t unfinished;
  Timestamp at;
};

// Measures lie below, histograms' cells from here on.
constexpr std::int32_t kFirstCell = 100;

}  // namespace

Collector::Collector(const Question& question, MemoryContext memory)
    : question_(question), memory_(memory), sums_(memory_of(memory)) {}

char* Collector::room_for(const core::CubeKey& key) {
  const std::size_t wanted = sizeof(Place) + core::room_of(key);
  if (wanted > key_room_) {
    key_room_ = 2 * wanted;
    key_ = static_cast<char*>(MemoryContextAlloc(memory_, key_room_));
  }
  return key_;
}

void Collector::add(const Span& span, bool unfinished, Timestamp local, const core::CubeKey& key,
                    std::string_view counts, std::int64_t weight) {
  const core::CubeKey sum_key = core::kept(key, span.split);
  char* bytes = room_for(sum_key);
  const Place place = {static_cast<std::uint32_t>(&span - spans().all.data()), unfinished ? 1U : 0U,
                       core::start_of(span.unit, local, rules().week_start)};
  std::memcpy(bytes, &place, sizeof place);
  const char* end = core::write_key(sum_key, bytes + sizeof place);
  raise_unless_ok(sums_.add({bytes, static_cast<std::size_t>(end - bytes)}, counts, weight,
                            span.cells ? core::kTallyIndexes : kFirstCell));
}

void Collector::add_cube(const Span& span, Timestamp local, std::string_view cube,
                         std::int64_t weight) {
  core::CubeReader cells(cube);
  while (cells.next()) {
    if (lets(cells.key().service, cells.key().host))
      add(span, false, local, cells.key(), cells.counts(), weight);
  }
  raise_unless_ok(cells.status());
}

void Collector::add(const Collector& other, std::int64_t weight) {
  for (const core::SumTable::Row& row : other.sums_.rows()) {
    auto* bytes = static_cast<std::uint8_t*>(palloc(core::TallyWriter::room(row.sum.size) + 1));
    core::TallyWriter writer(bytes);
    core::write_sum(row.sum, writer);
    raise_unless_ok(sums_.add(
        row.key,
        {reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(writer.end() - bytes)},
        weight));
    pfree(bytes);
  }
}

void Collector::each(SumSink sink, void* context) const {
  for (const core::SumTable::Row& row : sums_.rows()) {
    const std::size_t entries = core::entries_of(row.sum);
    if (entries == 0) continue;
    Place place = {};
    std::memcpy(&place, row.key.data(), sizeof place);
    NewTally tally(entries);
    core::write_sum(row.sum, tally.out());
    sink(context, spans().all[place.span], place.unfinished != 0, place.at,
         core::read_key(row.key.substr(sizeof place)), bytes_of(tally.finish()));
  }
}

}  // namespace calytics::glue
