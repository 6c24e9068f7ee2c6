// calytics.fold_chains: the folder's part of bookings. What became of marked chains is written to
// their facts, to the folder's log, and, summed up by local hour, to recent deltas, all as one
// snapshot has it.
//
// The caller is the folder: nobody else writes any of this until its transaction ends.

#include "glue/pg/pg.hpp"

extern "C" {
#include "catalog/namespace.h"
#include "executor/spi.h"
#include "utils/lsyscache.h"
#include "utils/typcache.h"
}

#include "glue/facts/unsettled.hpp"
#include "glue/pg/memory.hpp"
#include "glue/pg/table.hpp"
#include "glue/sums/feed.hpp"
#include "glue/sums/new_cube.hpp"

CALYTICS_SQL_FUNCTION(calytics_fold_chains);

namespace calytics::glue {

namespace {

// Of a run with more changes, sums are read anew about as fast as caught up with.
constexpr std::size_t kMostLogged = 300;
// Beyond so many sums what there is is written first, so that memory is bounded.
constexpr std::size_t kMostSums = 200'000;

// Bases in the order in which deltas are written.
constexpr std::array<std::pair<core::Basis, std::string_view>, 4> kBases = {
    {{core::Basis::booked, "booked"},
     {core::Basis::cohort, "cohort"},
     {core::Basis::event, "event"},
     {core::Basis::service, "service"}}};

std::uint32_t place_of(core::Basis basis) {
  const auto* found = std::ranges::find(kBases, basis, [](const auto& b) { return b.first; });
  return static_cast<std::uint32_t>(found - kBases.begin());
}

struct Folding {
  Folding(std::int64_t of_run, MemoryContext in)
      : run(of_run),
        memory(in),
        sums(AllocSetContextCreate(in, "calytics deltas", ALLOCSET_DEFAULT_SIZES)),
        changes{in},
        cubes(memory_of(sums)) {}

  std::int64_t run;
  MemoryContext memory;
  MemoryContext sums;   // of the cubes, emptied with them
  List<Datum> changes;  // calytics.change, one more than are logged at most
  TupleDesc change = nullptr;
  Table chains{"chain"};
  // Of the source that is being folded.
  std::int32_t source = 0;
  bool is_begun = false;
  bool has_deltas = false;  // some of this run's are written
  bool has_rules = false;
  core::Rules rules = {};
  core::HourlyCubes cubes;
};

void put_delta(const Folding& folding, Table& deltas, const core::HourlyCube& cube) {
  const std::string_view basis = kBases[cube.basis].second;
  bytea* cells = new_cube(cube);
  if (bytes_of(cells).empty()) return;
  const auto row = [&](bytea* value) {
    return Arguments()
        .put_all(folding.source, folding.run, basis)
        .put(TimestampGetDatum(cube.hour))
        .put(PointerGetDatum(value));
  };
  if (folding.has_deltas &&
      deltas.find(RowKey().put(folding.run).put(folding.source).put(basis).put_local(cube.hour))) {
    constexpr int stored = 4;
    core::SumTable sums(memory_of(CurrentMemoryContext));
    raise_unless_ok(core::add_cube(sums, text_of(deltas.value(stored)), 1));
    raise_unless_ok(core::add_cube(sums, bytes_of(cells), 1));
    deltas.update(row(new_cube(sums)));
  } else {
    deltas.insert(row(cells));
  }
}

// What is summed up so far.
void put_deltas(Folding& folding) {
  MemoryContext memory = MemoryContextSwitchTo(folding.sums);
  Table deltas{"recent_delta"};
  folding.cubes.each([&](const core::HourlyCube& cube) { put_delta(folding, deltas, cube); });
  deltas.close();
  MemoryContextSwitchTo(memory);
  MemoryContextReset(folding.sums);
  folding.cubes = core::HourlyCubes(memory_of(folding.sums));
  folding.has_deltas = true;
}

// Ends the source before it.
void begin_source(Folding& folding, std::int32_t source) {
  MemoryContext memory = MemoryContextSwitchTo(folding.memory);
  put_deltas(folding);
  folding.has_deltas = false;
  folding.source = source;
  folding.is_begun = true;
  Reader reader = {source, nullptr};
  folding.has_rules = read_settings(reader, folding.rules, folding.memory);
  MemoryContextSwitchTo(memory);
}

void log_change(Folding& folding, const Fact* before, const Fact* after) {
  if (folding.changes.size > kMostLogged) return;
  std::array<Datum, 2> values = {before == nullptr ? Datum{0} : before->datum,
                                 after == nullptr ? Datum{0} : after->datum};
  std::array<bool, 2> nulls = {before == nullptr, after == nullptr};
  MemoryContext memory = MemoryContextSwitchTo(folding.memory);
  folding.changes.put(
      HeapTupleGetDatum(heap_form_tuple(folding.change, values.data(), nulls.data())));
  MemoryContextSwitchTo(memory);
}

struct Counted {
  Folding* folding;
  core::Fact fact;
  std::int64_t weight;
};

void count(void* context, const core::Contribution& contribution) {
  const Counted& counted = *static_cast<Counted*>(context);
  Folding& folding = *counted.folding;
  TallyRoom room;
  raise_unless_ok(folding.cubes.add(
      place_of(contribution.basis), hour_of(local_time(folding.rules, contribution.at)),
      {counted.fact.service, counted.fact.host, contribution.currency},
      tally_bytes(contribution, room), counted.weight));
}

void count_fact(Folding& folding, const Fact* fact, std::int64_t weight) {
  if (fact == nullptr || !folding.has_rules) return;
  Counted counted = {&folding, fact_of(fact->row.values, fact->row.nulls), weight};
  raise_unless_ok(core::contribute(counted.fact, folding.rules, core::kAllBases, count, &counted));
}

Arguments columns_of(const Fact& fact) {
  Arguments columns;
  for (int i = 0; i < kChainColumns; ++i) {
    if (fact.row.nulls[i]) {
      columns.skip();
    } else {
      columns.put(fact.row.values[i]);
    }
  }
  return columns;
}

void save(Folding& folding, const Fact* before, const Fact* after) {
  if (before != nullptr &&
      !folding.chains.find(RowKey().put(folding.source).put(before->row.root())))
    elog(ERROR, "a fact is gone that only the folder removes");
  if (before == nullptr) {
    folding.chains.insert(columns_of(*after));
  } else if (after == nullptr) {
    folding.chains.remove();
  } else {
    folding.chains.update(columns_of(*after));
  }
}

void take_change(void* context, std::int32_t source, const Fact* before, const Fact* after) {
  auto& folding = *static_cast<Folding*>(context);
  if (!folding.is_begun || folding.source != source) begin_source(folding, source);
  log_change(folding, before, after);
  count_fact(folding, before, -1);
  count_fact(folding, after, 1);
  save(folding, before, after);
  if (folding.cubes.size() > kMostSums) put_deltas(folding);
}

void write_log(Folding& folding) {
  Table log{"fold_log"};
  Arguments row = Arguments().put(folding.run);
  if (folding.changes.size <= kMostLogged)
    row.put(array_of(folding.changes.items, folding.changes.size, folding.change->tdtypeid));
  log.insert(row);
  log.close();
}

}  // namespace

}  // namespace calytics::glue

// fold_chains(run, low)
Datum calytics_fold_chains(PG_FUNCTION_ARGS) {
  using namespace calytics::glue;
  MemoryContext memory = CurrentMemoryContext;
  Folding folding(PG_GETARG_INT64(0), memory);
  folding.change = lookup_rowtype_tupdesc_copy(
      get_rel_type_id(get_relname_relid("change", get_namespace_oid("calytics", false))), -1);
  SPI_connect();
  MemoryContextSwitchTo(memory);
  settle({0, true}, PG_GETARG_INT64(1), take_change, &folding);
  put_deltas(folding);
  write_log(folding);
  folding.chains.close();
  SPI_finish();
  PG_RETURN_VOID();
}
