#include "glue/pg/sequence.hpp"

extern "C" {
#include "catalog/namespace.h"
#include "utils/lsyscache.h"
}

#include <algorithm>
#include <array>
#include <cstring>

#include "glue/pg/watched_tables.hpp"

namespace calytics::glue {
namespace {

Oid look_up(const char* name) {
  return get_relname_relid(name, get_namespace_oid("calytics", false));
}

// Those that each webhook needs are looked up once.
Oid remembered(const char* name) {
  constexpr std::array<const char*, 3> names = {"delivery_id", "mark_id", "segment"};
  static WatchedTables relations(names[0], names[1], names[2]);
  static std::array<Oid, names.size()> sequences;
  if (relations.have_changed()) std::ranges::transform(names, sequences.begin(), look_up);
  for (std::size_t i = 0; i < names.size(); ++i)
    if (strcmp(names[i], name) == 0) return sequences[i];
  return look_up(name);
}

}  // namespace

Oid sequence_named(const char* name) {
  const Oid sequence = remembered(name);
  if (!OidIsValid(sequence)) {
    ereport(ERROR,
            (errcode(ERRCODE_UNDEFINED_TABLE), errmsg("sequence calytics.%s is missing", name)));
  }
  return sequence;
}

}  // namespace calytics::glue
