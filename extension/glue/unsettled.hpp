// What calytics.unsettled is made of: marks, and the facts that it reads (unsettled_facts.cpp) and
// settles (unsettled.cpp).
#pragma once

#include "pg.hpp"

#include <array>
#include <cstring>
#include <span>

#include "chain_rows.hpp"
#include "list.hpp"

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

// One call for one source.
struct Call {
  std::int32_t source;
  std::span<Mark> marks;  // by root
  ReturnSetInfo* result;
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
