#include "sequence.hpp"

extern "C" {
#include "catalog/namespace.h"
#include "utils/lsyscache.h"
}

Oid calytics::glue::sequence_named(const char* name) {
  const Oid sequence = get_relname_relid(name, get_namespace_oid("calytics", false));
  if (!OidIsValid(sequence)) {
    ereport(ERROR,
            (errcode(ERRCODE_UNDEFINED_TABLE), errmsg("sequence calytics.%s is missing", name)));
  }
  return sequence;
}
