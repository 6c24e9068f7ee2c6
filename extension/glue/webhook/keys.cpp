#include "glue/webhook/keys.hpp"

extern "C" {
#include "utils/memutils.h"
}

#include <algorithm>

#include "glue/pg/columns.hpp"
#include "glue/pg/watched_tables.hpp"

namespace calytics::glue {
namespace {

constexpr Oid kName[] = {TEXTOID};

Statement find_keys(
    "select s.source_id, k.person_key, x.secret, x.valid_from, x.valid_until"
    " from calytics.source s join calytics.source_key k using (source_id)"
    " left join calytics.source_secret x using (source_id)"
    " where s.name = $1",
    kName);

// All that is remembered.
WatchedTables tables("source", "source_key", "source_secret");
MemoryContext remembered = nullptr;
SourceKeys* sources = nullptr;
std::size_t source_count = 0;
std::size_t source_room = 0;

void forget() {
  if (remembered == nullptr) {
    remembered = AllocSetContextCreate(TopMemoryContext, "calytics sources", ALLOCSET_SMALL_SIZES);
  }
  sources = nullptr;
  source_count = 0;
  source_room = 0;
  MemoryContextReset(remembered);
}

struct Reading {
  SourceKeys* keys;
  Secret* secrets = nullptr;
  std::size_t room = 0;
};

std::string_view remember(std::string_view bytes) {
  auto* copy = static_cast<char*>(palloc(bytes.size() + 1));
  memcpy(copy, bytes.data(), bytes.size());
  return {copy, bytes.size()};
}

void read_row(void* context, const Datum* values, const bool* nulls) {
  auto* reading = static_cast<Reading*>(context);
  MemoryContext before = MemoryContextSwitchTo(remembered);
  SourceKeys& keys = *reading->keys;
  keys.source = DatumGetInt32(values[0]);
  keys.person_key = remember(bytes_of(PG_DETOAST_DATUM_PACKED(values[1])));
  if (!nulls[2]) {
    if (keys.secret_count == reading->room) {
      reading->room = 2 * reading->room + 2;
      auto* wider = static_cast<Secret*>(palloc(sizeof(Secret) * reading->room));
      std::copy_n(reading->secrets, keys.secret_count, wider);
      reading->secrets = wider;
      keys.secrets = wider;
    }
    reading->secrets[keys.secret_count++] = {
        .secret = remember(bytes_of(PG_DETOAST_DATUM_PACKED(values[2]))),
        .valid_from = DatumGetTimestampTz(values[3]),
        .valid_until = DatumGetTimestampTz(values[4])};
  }
  MemoryContextSwitchTo(before);
}

SourceKeys* add(const SourceKeys& keys) {
  if (source_count == source_room) {
    const std::size_t room = 2 * source_room + 4;
    auto* wider =
        static_cast<SourceKeys*>(MemoryContextAlloc(remembered, sizeof(SourceKeys) * room));
    std::copy_n(sources, source_count, wider);
    sources = wider;
    source_room = room;
  }
  sources[source_count] = keys;
  return &sources[source_count++];
}

}  // namespace

const SourceKeys* keys_of(std::string_view name) {
  if (tables.have_changed()) forget();
  for (std::size_t i = 0; i < source_count; ++i) {
    if (sources[i].name == name) return &sources[i];
  }
  SourceKeys keys = {};
  Reading reading = {.keys = &keys};
  if (Arguments().put(name).write(find_keys, read_row, &reading) == 0) return nullptr;
  MemoryContext before = MemoryContextSwitchTo(remembered);
  keys.name = remember(name);
  MemoryContextSwitchTo(before);
  return add(keys);
}

}  // namespace calytics::glue
