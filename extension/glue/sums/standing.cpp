// Where a source's sums stand, as a snapshot sees it, and its rules. One dashboard is several
// readings in one snapshot: it is asked for once, and kept for as long as the session's snapshots
// see the same. Transactions that have written anything ask for themselves.

#include "glue/pg/pg.hpp"

extern "C" {
#include "utils/memutils.h"
}

#include "glue/facts/fact.hpp"
#include "glue/facts/pending_events.hpp"
#include "glue/facts/snapshot_view.hpp"
#include "glue/facts/zone.hpp"
#include "glue/sums/reader.hpp"

namespace calytics::glue {

namespace {

struct Standing {
  MemoryContext memory = nullptr;
  bool whole = false;
  bool found = false;
  SnapshotView view = {};
  Reader reader = {};
  core::Rules rules = {};
};

Standing kept;

void take(void* context, const Datum* values, const bool* nulls) {
  auto& to = *static_cast<Standing*>(context);
  to.found = true;
  constexpr int time_zone = 2;
  Datum source[kSourceColumns];
  std::copy(values, values + kSourceColumns, source);
  MemoryContext before = MemoryContextSwitchTo(to.memory);
  source[time_zone] = text_datum(text_of(values[time_zone]));
  to.rules = rules_of(source, nulls);
  MemoryContextSwitchTo(before);
  const Datum* const more = values + kSourceColumns;
  to.reader.segment = DatumGetInt64(more[0]);
  to.reader.recent_run = DatumGetInt64(more[1]);
  to.reader.run = DatumGetInt64(more[2]);
  to.reader.state_table = DatumGetObjectId(more[3]);
  to.reader.marks = DatumGetBool(more[4]);
  to.reader.since = DatumGetTimestampTz(more[5]);
  to.reader.tracked_until = DatumGetTimestampTz(more[6]);
}

void read(Standing& to) {
  static const Oid types[] = {INT4OID};
  static Statement query(
      "select s.*, f.segment, f.recent_run, f.run, f.tableoid, exists ("
      "    select from calytics.chain_mark m where m.segment >= f.segment and m.source_id = $1),"
      "    f.since - interval '1 day', coalesce(("
      "      select t.until from calytics.tracked_until t where t.source_id = $1"
      "       order by t.until desc limit 1), '-infinity')"
      "  from calytics.source s"
      " cross join (select x.segment, x.recent_run, x.run, x.tableoid, x.since"
      "               from calytics.fold_state x"
      "              order by x.run desc limit 1) f"
      " where s.source_id = $1",
      types);
  const Datum source = Int32GetDatum(to.reader.source);
  query.run(&source, nullptr, take, &to);
}

void keep(std::int32_t source, const SnapshotView& view) {
  if (kept.memory == nullptr)
    kept.memory =
        AllocSetContextCreate(CacheMemoryContext, "calytics standing", ALLOCSET_SMALL_SIZES);
  MemoryContext memory = kept.memory;
  kept.whole = false;
  MemoryContextReset(memory);
  kept = {memory};
  kept.reader.source = source;
  kept.view = copy_of(view, memory);
  read(kept);
  kept.whole = true;
}

// What is kept goes at the next change; and what a zone's name means a session may change.
core::Rules copy_of(const core::Rules& rules, MemoryContext memory) {
  core::Rules copy = rules;
  MemoryContext before = MemoryContextSwitchTo(memory);
  copy.zone = zone_named(static_cast<const Zone*>(rules.zone)->name);
  MemoryContextSwitchTo(before);
  return copy;
}

}  // namespace

bool read_settings(Reader& reader, core::Rules& rules, MemoryContext memory) {
  Standing own = {memory};
  own.reader.source = reader.source;
  if (!remembers()) {
    read(own);
  } else {
    const SnapshotView view = active_view();
    if (!kept.whole || kept.reader.source != reader.source || !(kept.view == view))
      keep(reader.source, view);
    own.found = kept.found;
    own.reader = kept.reader;
    if (kept.found) own.rules = copy_of(kept.rules, memory);
  }
  if (!own.found) return false;
  own.reader.sums = reader.sums;
  reader = own.reader;
  rules = own.rules;
  return true;
}

}  // namespace calytics::glue
