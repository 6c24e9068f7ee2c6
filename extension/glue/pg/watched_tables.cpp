#include "glue/pg/watched_tables.hpp"

extern "C" {
#include "catalog/namespace.h"
#include "commands/trigger.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
}

#include <algorithm>

CALYTICS_SQL_FUNCTION(calytics_forget);

namespace calytics::glue {

WatchedTables* WatchedTables::all = nullptr;

bool WatchedTables::have_changed() {
  if (current_) return false;
  if (!listening_) {
    if (all == nullptr) CacheRegisterRelcacheCallback(look_at, Datum{0});
    next_ = all;
    all = this;
    listening_ = true;
  }
  const Oid schema = get_namespace_oid("calytics", false);
  for (std::size_t i = 0; i < count_; ++i)
    tables_[i] = get_relname_relid(names_[i], schema);
  current_ = true;
  return true;
}

void WatchedTables::look_at(Datum /*argument*/, Oid relation) {
  for (WatchedTables* watched = all; watched != nullptr; watched = watched->next_) {
    if (!OidIsValid(relation) || std::ranges::count(watched->tables_, relation) > 0) {
      watched->current_ = false;
    }
  }
}

}  // namespace calytics::glue

Datum calytics_forget(PG_FUNCTION_ARGS) {
  if (!CALLED_AS_TRIGGER(fcinfo)) {
    ereport(ERROR, (errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
                    errmsg("calytics.forget is a trigger's function")));
  }
  const auto* data = reinterpret_cast<const TriggerData*>(fcinfo->context);
  CacheInvalidateRelcache(data->tg_relation);
  PG_RETURN_POINTER(nullptr);
}
