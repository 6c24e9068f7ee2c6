#include "glue/pg/pinned.hpp"

extern "C" {
#include "catalog/namespace.h"
}

#include <cstring>

namespace calytics::glue {
namespace {

constexpr const char* kSearchPath = "pg_catalog, pg_temp";

void set(const char* name, const char* value) {
  set_config_option(name, value, PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
}

}  // namespace

bool is_pinned() {
  return strcmp(namespace_search_path, kSearchPath) == 0;
}

void pin() {
  set("search_path", kSearchPath);
  set("enable_seqscan", "off");
}

}  // namespace calytics::glue
