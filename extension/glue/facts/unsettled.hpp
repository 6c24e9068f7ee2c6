// What became of marked chains: the facts that are read of them (unsettled_facts.cpp), and settled
// (unsettled.cpp), for calytics.unsettled and for the folder.
#pragma once

#include "glue/pg/pg.hpp"

#include <array>
#include <cstring>
#include <span>

#include "glue/facts/chain_rows.hpp"
#include "glue/pg/list.hpp"

namespace calytics::glue {

struct Person {
  std::array<std::uint8_t, UUID_LEN> id;

  bool operator==(const Person& other) const { return id == other.id; }
  bool operator<(const Person& other) const { return id < other.id; }
};

struct Mark {
  std::int32_t source = 0;
  std::string_view root;
  bool has_person = false;  // what its legs tell
  bool had_person = false;  // what the buckets know
  Person person = {};
  Person former = {};
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

// Takes a fact that became another: what the buckets know of it, and what the legs tell; nullptr
// where there is none. Both live until the sink returns, in its memory context, which it leaves.
using ChangeSink = void (*)(void* context, std::int32_t source, const Fact* before,
                            const Fact* after);

// What became of the chains marked from segment low on, and of their persons' other chains, source
// by source and each chain once, as calytics.unsettled has it: in the caller's snapshot, within
// SPI_connect and SPI_finish, under the settings of that function.
void settle(NullableDatum source, std::int64_t low, ChangeSink sink, void* context);

// One call for one source.
struct Call {
  std::int32_t source;
  std::span<Mark> marks;  // by root
  ChangeSink sink;
  void* context;
  ChainShapes shapes;
  FmgrInfo equal;
  MemoryContext memory;  // of what is in work, emptied again and again
};

// The facts that the legs of these chains tell, and those that the buckets know of them; text[],
// the facts by root. All in the call's memory, as what follows.
List<Fact> fresh_facts(const Call& call, Datum roots);
List<Fact> known_facts(const Call& call, Datum roots);

// All facts that the buckets know of these persons.
List<Fact> facts_of(const Call& call, std::span<const Person> persons);

}  // namespace calytics::glue
