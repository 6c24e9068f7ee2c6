// calytics.unsettled: what became of marked chains, as rows of before and after. A chain's fact
// depends on its legs and on the other chains of its person, so persons are settled as wholes:
// those whom the marked chains belong to now, and those whom they belonged to.
//
// However many marks there are, only so many chains and persons are in memory at once; beyond that
// marked chains are gone through first to learn whose they are.

#include "pg.hpp"

extern "C" {
#include "access/htup_details.h"
#include "catalog/namespace.h"
#include "utils/datum.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/typcache.h"
}

#include <array>
#include <cstring>
#include <tuple>

#include "chain_rows.hpp"
#include "list.hpp"
#include "reader.hpp"
#include "statement.hpp"

CALYTICS_SQL_FUNCTION(calytics_unsettled);

namespace calytics::glue {

namespace {

constexpr std::size_t kAtOnce = 1000;
constexpr Oid kUuids = 2951;  // uuid[]

struct Person {
  std::array<std::uint8_t, UUID_LEN> id;

  auto operator<=>(const Person&) const = default;
};

struct Mark {
  std::int32_t source = 0;
  std::string_view root;
  bool has_person = false;  // what its legs tell
  bool had_person = false;  // what the buckets know
  Person person = {};
  Person former = {};
};

struct Leg {
  LegRow row;
  NullableDatum entries;  // calytics.payment[] of this leg
};

// A fact; a row of calytics.chain.
struct Fact {
  Datum datum;
  ChainRow row;

  bool has_person() const { return !row.nulls[3]; }
  Person person() const {
    Person person;
    std::memcpy(person.id.data(), DatumGetUUIDP(row.values[3])->data, UUID_LEN);
    return person;
  }
};

// A fact as it will be, and what the buckets know of it.
struct Pair {
  const Fact* before = nullptr;
  Fact* after = nullptr;
};

// One call for one source.
struct Call {
  std::int32_t source;
  std::span<Mark> marks;  // by root
  ReturnSetInfo* result;
  ChainShapes shapes;
  FmgrInfo equal;
  MemoryContext memory;  // of what is in work, emptied again and again
};

// Marked chains: the facts that their legs tell, and those that the buckets know, by root.
struct Batch {
  List<Fact> fresh;
  List<Fact> known;
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
  auto* by_uid = static_cast<const Leg**>(palloc(sizeof(Leg*) * legs.size()));
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

Datum roots_of(std::span<const Mark* const> marks) {
  auto* roots = static_cast<Datum*>(palloc(sizeof(Datum) * (marks.size() + 1)));
  for (std::size_t i = 0; i < marks.size(); ++i)
    roots[i] = text_datum(marks[i]->root);
  return array_of(roots, marks.size(), TEXTOID);
}

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

// As "is not distinct from" has it; bytes that are the same spare most comparisons.
bool same(Call& call, const Fact& a, const Fact& b) {
  bool alike = true;
  for (int i = 0; i < kChainColumns && alike; ++i) {
    const FormData_pg_attribute& column = *TupleDescAttr(call.shapes.chain, i);
    alike = a.row.nulls[i] == b.row.nulls[i] &&
            (a.row.nulls[i] ||
             datum_image_eq(a.row.values[i], b.row.values[i], column.attbyval, column.attlen));
  }
  return alike || DatumGetBool(FunctionCall2(&call.equal, a.datum, b.datum));
}

void put_pair(Call& call, const Fact* before, const Fact* after) {
  if (before != nullptr && after != nullptr && same(call, *before, *after)) return;
  std::array<Datum, 2> values = {before == nullptr ? Datum{0} : before->datum,
                                 after == nullptr ? Datum{0} : after->datum};
  std::array<bool, 2> nulls = {before == nullptr, after == nullptr};
  tuplestore_putvalues(call.result->setResult, call.result->setDesc, values.data(), nulls.data());
}

const Fact* fact_with(const List<Fact>& facts, std::string_view root) {
  const Fact* found =
      std::lower_bound(facts.begin(), facts.end(), root,
                       [](const Fact& fact, std::string_view r) { return fact.row.root() < r; });
  return found != facts.end() && found->row.root() == root ? found : nullptr;
}

bool is_marked(const Call& call, std::string_view root) {
  return std::binary_search(call.marks.begin(), call.marks.end(), Mark{.source = 0, .root = root},
                            [](const Mark& a, const Mark& b) { return a.root < b.root; });
}

Batch batch_of(const Call& call, std::span<const Mark* const> marks) {
  const Datum roots = roots_of(marks);
  return {fresh_facts(call, roots), known_facts(call, roots)};
}

// One person's facts, each with what it owes to the others.
void place(Call& call, std::span<const Pair> pairs) {
  const std::size_t count = pairs.size();
  auto* bookings = static_cast<core::Placed*>(palloc(sizeof(core::Placed) * count));
  auto** placed = static_cast<core::Placed**>(palloc(sizeof(core::Placed*) * count));
  auto** made = static_cast<const core::Placed**>(palloc(sizeof(core::Placed*) * count));
  for (std::size_t i = 0; i < count; ++i) {
    bookings[i] = pairs[i].after->row.placed();
    placed[i] = &bookings[i];
  }
  core::place({placed, count}, {made, count});
  for (std::size_t i = 0; i < count; ++i) {
    Fact after = *pairs[i].after;
    if (after.row.owe(bookings[i]))
      after.datum =
          HeapTupleGetDatum(heap_form_tuple(call.shapes.chain, after.row.values, after.row.nulls));
    else if (pairs[i].before == pairs[i].after)
      continue;
    put_pair(call, pairs[i].before, &after);
  }
}

// The chains of a batch, and all others of these persons; every person that a fresh fact has is
// among them.
void settle(Call& call, Batch& batch, std::span<const Person> persons) {
  List<Fact> others = {call.memory};
  if (!persons.empty()) others = facts_of(call, persons);
  List<Pair> pairs = {call.memory};
  for (Fact& fact : batch.fresh) {
    const Fact* before = fact_with(batch.known, fact.row.root());
    if (fact.has_person())
      pairs.put({before, &fact});
    else
      put_pair(call, before, &fact);
  }
  for (Fact& fact : others) {
    if (!is_marked(call, fact.row.root())) pairs.put({&fact, &fact});
  }
  for (const Fact& fact : batch.known) {
    if (fact_with(batch.fresh, fact.row.root()) == nullptr) put_pair(call, &fact, nullptr);
  }
  std::sort(pairs.begin(), pairs.end(),
            [](const Pair& a, const Pair& b) { return a.after->person() < b.after->person(); });
  for (std::size_t i = 0; i < pairs.size;) {
    std::size_t end = i + 1;
    while (end < pairs.size && pairs.items[end].after->person() == pairs.items[i].after->person())
      ++end;
    place(call, {pairs.items + i, end - i});
    i = end;
  }
}

std::span<Person> sorted(const List<Person>& persons) {
  std::sort(persons.begin(), persons.end());
  return {persons.begin(), std::unique(persons.begin(), persons.end())};
}

std::span<Person> persons_of(const Call& call, const Batch& batch) {
  List<Person> persons = {call.memory};
  for (const List<Fact>* facts : {&batch.fresh, &batch.known}) {
    for (const Fact& fact : *facts) {
      if (fact.has_person()) persons.put(fact.person());
    }
  }
  return sorted(persons);
}

// Learns whose the marked chains are and were.
void ask_persons(Call& call, std::span<const Mark* const> marks) {
  const Batch batch = batch_of(call, marks);
  for (const Mark* of : marks) {
    Mark& mark = call.marks[static_cast<std::size_t>(of - call.marks.data())];
    const Fact* fresh = fact_with(batch.fresh, mark.root);
    const Fact* known = fact_with(batch.known, mark.root);
    mark.has_person = fresh != nullptr && fresh->has_person();
    mark.had_person = known != nullptr && known->has_person();
    if (mark.has_person) mark.person = fresh->person();
    if (mark.had_person) mark.former = known->person();
  }
}

// Calls for some at a time, in memory that is emptied in between.
template <typename Some>
void in_batches(Call& call, std::size_t size, Some some) {
  for (std::size_t i = 0; i < size; i += kAtOnce) {
    MemoryContext before = MemoryContextSwitchTo(call.memory);
    some(i, std::min(i + kAtOnce, size));
    MemoryContextSwitchTo(before);
    MemoryContextReset(call.memory);
    CHECK_FOR_INTERRUPTS();
  }
}

void settle_many(Call& call, std::span<const Mark*> marks) {
  in_batches(call, marks.size(), [&](std::size_t begin, std::size_t end) {
    ask_persons(call, marks.subspan(begin, end - begin));
  });
  List<Person> all = {CurrentMemoryContext};
  for (const Mark* mark : marks) {
    if (mark->has_person) all.put(mark->person);
    if (mark->had_person) all.put(mark->former);
  }
  const std::span<Person> persons = sorted(all);
  // Those whose persons are not known first.
  std::sort(marks.begin(), marks.end(), [](const Mark* a, const Mark* b) {
    return std::tie(a->has_person, a->person, a->root) <
           std::tie(b->has_person, b->person, b->root);
  });
  const auto nobodys = static_cast<std::size_t>(
      std::find_if(marks.begin(), marks.end(), [](const Mark* mark) { return mark->has_person; }) -
      marks.begin());
  in_batches(call, nobodys, [&](std::size_t begin, std::size_t end) {
    Batch batch = batch_of(call, marks.subspan(begin, end - begin));
    settle(call, batch, {});
  });
  std::size_t next = nobodys;
  in_batches(call, persons.size(), [&](std::size_t begin, std::size_t end) {
    const std::size_t first = next;
    while (next < marks.size() && marks[next]->person <= persons[end - 1])
      ++next;
    Batch batch = batch_of(call, marks.subspan(first, next - first));
    settle(call, batch, persons.subspan(begin, end - begin));
  });
}

void settle_source(Call& call) {
  auto** marks = static_cast<const Mark**>(
      MemoryContextAllocHuge(CurrentMemoryContext, sizeof(Mark*) * call.marks.size()));
  for (std::size_t i = 0; i < call.marks.size(); ++i)
    marks[i] = &call.marks[i];
  if (call.marks.size() > kAtOnce) {
    settle_many(call, {marks, call.marks.size()});
    return;
  }
  in_batches(call, call.marks.size(), [&](std::size_t /*begin*/, std::size_t /*end*/) {
    Batch batch = batch_of(call, {marks, call.marks.size()});
    settle(call, batch, persons_of(call, batch));
  });
}

void put_mark(void* context, const Datum* values, const bool* /*nulls*/) {
  auto& marks = *static_cast<List<Mark>*>(context);
  const std::string_view root = text_of(values[1]);
  auto* copy = static_cast<char*>(MemoryContextAlloc(marks.memory, root.size() + 1));
  std::copy(root.begin(), root.end(), copy);
  marks.put({.source = DatumGetInt32(values[0]), .root = {copy, root.size()}});
}

// Each once, by source and root.
std::span<Mark> marks_from(NullableDatum source, std::int64_t low, MemoryContext memory) {
  static const Oid types[] = {INT8OID, INT4OID};
  static Statement of_all(
      "select m.source_id, m.root_uid from calytics.chain_mark m where m.segment >= $1", types);
  static Statement of_one(
      "select m.source_id, m.root_uid from calytics.chain_mark m"
      " where m.segment >= $1 and m.source_id = $2",
      types);
  List<Mark> marks = {memory};
  const std::array<Datum, 2> values = {Int64GetDatum(low), source.value};
  const std::array<bool, 2> nulls = {false, source.isnull};
  (source.isnull ? of_all : of_one).run(values.data(), nulls.data(), put_mark, &marks);
  std::sort(marks.begin(), marks.end(), [](const Mark& a, const Mark& b) {
    return std::tie(a.source, a.root) < std::tie(b.source, b.root);
  });
  const auto* const end = std::unique(marks.begin(), marks.end(), [](const Mark& a, const Mark& b) {
    return a.source == b.source && a.root == b.root;
  });
  return {marks.begin(), static_cast<std::size_t>(end - marks.begin())};
}

}  // namespace

}  // namespace calytics::glue

Datum calytics_unsettled(PG_FUNCTION_ARGS) {
  using namespace calytics::glue;
  InitMaterializedSRF(fcinfo, 0);
  if (PG_ARGISNULL(1)) return Datum{0};
  auto* result = reinterpret_cast<ReturnSetInfo*>(fcinfo->resultinfo);
  MemoryContext memory = CurrentMemoryContext;
  SPI_connect();
  std::span<Mark> marks = marks_from(fcinfo->args[0], PG_GETARG_INT64(1), memory);
  if (!marks.empty()) {
    const Oid booking =
        get_rel_type_id(get_relname_relid("booking", get_namespace_oid("calytics", false)));
    Call call = {
        0,      {},
        result, chain_shapes(booking, TupleDescAttr(result->setDesc, 0)->atttypid),
        {},     AllocSetContextCreate(memory, "calytics unsettled", ALLOCSET_DEFAULT_SIZES)};
    fmgr_info(F_RECORD_EQ, &call.equal);
    while (!marks.empty()) {
      std::size_t size = 1;
      while (size < marks.size() && marks[size].source == marks[0].source)
        ++size;
      call.source = marks[0].source;
      call.marks = marks.first(size);
      settle_source(call);
      marks = marks.subspan(size);
    }
    MemoryContextDelete(call.memory);
  }
  SPI_finish();
  return Datum{0};
}
