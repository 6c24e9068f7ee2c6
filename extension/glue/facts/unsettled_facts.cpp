// The facts that calytics.unsettled reads, some chains or persons at a time.

#include "glue/facts/unsettled.hpp"

extern "C" {
#include "utils/datum.h"
}

#include <tuple>

#include "glue/pg/parameters.hpp"
#include "glue/pg/statement.hpp"

namespace calytics::glue {

namespace {

constexpr Oid kUuids = 2951;  // uuid[]

struct Leg {
  LegRow row;
  NullableDatum entries;  // calytics.payment[] of this leg
};

struct Sink {
  const Call* call;
  List<Leg> legs;
  List<Fact> facts;
  NullableDatum pattern = {0, true};  // of consultations
};

Fact fact_in(const Call& call, Datum chain) {
  return {chain, chain_row(call.shapes.chain, chain)};
}

Datum copied_row(Datum row, MemoryContext memory) {
  MemoryContext before = MemoryContextSwitchTo(memory);
  const Datum copy = datumCopy(row, false, -1);
  MemoryContextSwitchTo(before);
  return copy;
}

void put_leg(void* context, const Datum* values, const bool* nulls) {
  auto& to = *static_cast<Sink*>(context);
  MemoryContext memory = to.call->memory;
  Leg leg;
  leg.row = leg_row(to.call->shapes, copied_row(values[0], memory));
  leg.entries = {nulls[1] ? Datum{0} : copied_row(values[1], memory), nulls[1]};
  to.legs.put(leg);
  if (to.pattern.isnull && !nulls[2]) to.pattern = {copied_row(values[2], memory), false};
}

void put_fact(void* context, const Datum* values, const bool* /*nulls*/) {
  auto& to = *static_cast<Sink*>(context);
  to.facts.put(fact_in(*to.call, copied_row(values[0], to.call->memory)));
}

// Comes back to the memory of what is in work, which SPI leaves.
void run(const Call& call, Statement& query, const std::array<Datum, 2>& values, RowSink put,
         Sink& sink) {
  query.run(values.data(), nullptr, put, &sink);
  MemoryContextSwitchTo(call.memory);
}

// The payments of a chain's legs by uid; those of one leg come in order.
NullableDatum entries_of(const Call& call, std::span<Leg> legs) {
  const auto told = [](const Leg& leg) { return !leg.entries.isnull; };
  const auto legs_told = std::count_if(legs.begin(), legs.end(), told);
  if (legs_told == 0) return {0, true};
  if (legs_told == 1) return std::find_if(legs.begin(), legs.end(), told)->entries;
  auto* by_uid = static_cast<const Leg**>(palloc(sizeof(void*) * legs.size()));
  std::size_t size = 0;
  for (const Leg& leg : legs) {
    if (told(leg)) by_uid[size++] = &leg;
  }
  std::sort(by_uid, by_uid + size,
            [](const Leg* a, const Leg* b) { return a->row.uid() < b->row.uid(); });
  List<Datum> all = {CurrentMemoryContext};
  for (std::size_t i = 0; i < size; ++i) {
    ArrayType* array = DatumGetArrayTypeP(by_uid[i]->entries.value);
    Datum* entries = nullptr;
    int count = 0;
    deconstruct_array(array, call.shapes.payment, -1, false, TYPALIGN_DOUBLE, &entries, nullptr,
                      &count);
    for (int j = 0; j < count; ++j)
      all.put(entries[j]);
  }
  return {PointerGetDatum(construct_array(all.items, static_cast<int>(all.size),
                                          call.shapes.payment, -1, false, TYPALIGN_DOUBLE)),
          false};
}

}  // namespace

List<Fact> fresh_facts(const Call& call, Datum roots) {
  static const Oid types[] = {INT4OID, TEXTARRAYOID};
  static Statement query(
      "select b.leg, ("
      "    select array_agg(y order by y.entry) from calytics.payment y"
      "     where y.source_id = $1 and y.uid = b.uid),"
      "    s.consultation"
      "  from calytics.source s"
      " cross join lateral unnest($2) r (root)"
      " cross join lateral ("
      "   select x as leg, x.uid from calytics.booking x"
      "    where x.root_uid = r.root and x.source_id = $1 offset 0) b"
      " where s.source_id = $1",
      types);
  Sink sink = {&call, {call.memory}, {call.memory}};
  const std::array<Datum, 2> values = {Int32GetDatum(call.source), roots};
  run(call, query, values, put_leg, sink);
  // Chain by chain, the current leg first.
  std::sort(sink.legs.begin(), sink.legs.end(), [](const Leg& a, const Leg& b) {
    const bool a_superseded = a.row.superseded();
    const bool b_superseded = b.row.superseded();
    const std::int32_t a_hops = a.row.hops();
    const std::int32_t b_hops = b.row.hops();
    const std::string_view a_root = a.row.root();
    const std::string_view b_root = b.row.root();
    const std::string_view a_uid = a.row.uid();
    const std::string_view b_uid = b.row.uid();
    return std::tie(a_root, a_superseded, b_hops, b_uid) <
           std::tie(b_root, b_superseded, a_hops, a_uid);
  });
  for (std::size_t i = 0; i < sink.legs.size;) {
    std::size_t end = i + 1;
    while (end < sink.legs.size && sink.legs.items[end].row.root() == sink.legs.items[i].row.root())
      ++end;
    const std::span<Leg> legs = {sink.legs.items + i, end - i};
    auto* rows = static_cast<LegRow*>(palloc(sizeof(LegRow) * legs.size()));
    std::transform(legs.begin(), legs.end(), rows, [](const Leg& leg) { return leg.row; });
    sink.facts.put(fact_in(
        call, chain_of(call.shapes, rows, legs.size(), entries_of(call, legs), sink.pattern)));
    i = end;
  }
  return sink.facts;
}

List<Fact> known_facts(const Call& call, Datum roots) {
  static const Oid types[] = {INT4OID, TEXTARRAYOID};
  static Statement query(
      "select x.fact from unnest($2) r (root)"
      " cross join lateral ("
      "   select c as fact from calytics.chain c"
      "    where c.source_id = $1 and c.root_uid = r.root offset 0) x",
      types);
  Sink sink = {&call, {call.memory}, {call.memory}};
  const std::array<Datum, 2> values = {Int32GetDatum(call.source), roots};
  run(call, query, values, put_fact, sink);
  std::sort(sink.facts.begin(), sink.facts.end(),
            [](const Fact& a, const Fact& b) { return a.row.root() < b.row.root(); });
  return sink.facts;
}

List<Fact> facts_of(const Call& call, std::span<const Person> persons) {
  static const Oid types[] = {INT4OID, kUuids};
  static Statement query(
      "select x.fact from unnest($2) p (customer)"
      " cross join lateral ("
      "   select c as fact from calytics.chain c"
      "    where c.customer = p.customer and c.source_id = $1 offset 0) x",
      types);
  Sink sink = {&call, {call.memory}, {call.memory}};
  auto* ids = static_cast<Datum*>(palloc(sizeof(Datum) * (persons.size() + 1)));
  for (std::size_t i = 0; i < persons.size(); ++i)
    ids[i] = uuid_datum(persons[i].id.data());
  const std::array<Datum, 2> values = {Int32GetDatum(call.source),
                                       array_of(ids, persons.size(), UUIDOID)};
  run(call, query, values, put_fact, sink);
  return sink.facts;
}

}  // namespace calytics::glue
