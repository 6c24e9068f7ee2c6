// calytics.unsettled: what became of marked chains, as rows of before and after. A chain's fact
// depends on its legs and on the other chains of its person, so persons are settled as wholes:
// those whom the marked chains belong to now, and those whom they belonged to.
//
// However many marks there are, only so many chains and persons are in memory at once; beyond that
// marked chains are gone through first to learn whose they are.

#include "glue/pg/pg.hpp"

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

#include "glue/facts/unsettled.hpp"
#include "glue/pg/parameters.hpp"
#include "glue/pg/statement.hpp"
#include "glue/worker/folder_slots.hpp"

CALYTICS_SQL_FUNCTION(calytics_unsettled);

namespace calytics::glue {

namespace {

constexpr std::size_t kAtOnce = 10'000;

// A fact as it will be, and what the buckets know of it.
struct Pair {
  const Fact* before = nullptr;
  Fact* after = nullptr;
};

// Marked chains: the facts that their legs tell, and those that the buckets know, by root.
struct Batch {
  List<Fact> fresh;
  List<Fact> known;
};

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
  call.sink(call.context, call.source, before, after);
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

Datum roots_of(std::span<const Mark* const> marks) {
  auto* roots = static_cast<Datum*>(palloc(sizeof(Datum) * (marks.size() + 1)));
  for (std::size_t i = 0; i < marks.size(); ++i)
    roots[i] = text_datum(marks[i]->root);
  return array_of(roots, marks.size(), TEXTOID);
}

Batch batch_of(const Call& call, std::span<const Mark* const> marks) {
  const Datum roots = roots_of(marks);
  return {fresh_facts(call, roots), known_facts(call, roots)};
}

// One person's facts, each with what it owes to the others.
void place(Call& call, std::span<const Pair> pairs) {
  const std::size_t count = pairs.size();
  auto* bookings = static_cast<core::Placed*>(palloc(sizeof(core::Placed) * count));
  auto** placed = static_cast<core::Placed**>(palloc(sizeof(void*) * count));
  auto** made = static_cast<const core::Placed**>(palloc(sizeof(void*) * count));
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
    while (next < marks.size() && !(persons[end - 1] < marks[next]->person))
      ++next;
    Batch batch = batch_of(call, marks.subspan(first, next - first));
    settle(call, batch, persons.subspan(begin, end - begin));
  });
}

void settle_source(Call& call) {
  auto** marks = static_cast<const Mark**>(
      MemoryContextAllocHuge(CurrentMemoryContext, sizeof(void*) * call.marks.size()));
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

void put_row(void* context, std::int32_t /*source*/, const Fact* before, const Fact* after) {
  auto* rows = static_cast<ReturnSetInfo*>(context);
  std::array<Datum, 2> values = {before == nullptr ? Datum{0} : before->datum,
                                 after == nullptr ? Datum{0} : after->datum};
  std::array<bool, 2> nulls = {before == nullptr, after == nullptr};
  tuplestore_putvalues(rows->setResult, rows->setDesc, values.data(), nulls.data());
}

}  // namespace

void settle(NullableDatum source, std::int64_t low, ChangeSink sink, void* context) {
  MemoryContext memory = CurrentMemoryContext;
  std::span<Mark> marks = marks_from(source, low, memory);
  MemoryContextSwitchTo(memory);
  if (marks.empty()) return;
  const Oid schema = get_namespace_oid("calytics", false);
  const auto type_of = [&](const char* table) {
    return get_rel_type_id(get_relname_relid(table, schema));
  };
  Call call = {0,
               {},
               sink,
               context,
               chain_shapes(type_of("booking"), type_of("chain")),
               {},
               AllocSetContextCreate(memory, "calytics unsettled", ALLOCSET_DEFAULT_SIZES)};
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

}  // namespace calytics::glue

Datum calytics_unsettled(PG_FUNCTION_ARGS) {
  using namespace calytics::glue;
  InitMaterializedSRF(fcinfo, 0);
  if (PG_ARGISNULL(1)) return Datum{0};
  expect_reading();
  SPI_connect();
  settle(fcinfo->args[0], PG_GETARG_INT64(1), put_row, fcinfo->resultinfo);
  SPI_finish();
  return Datum{0};
}
