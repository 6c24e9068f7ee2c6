// Segments tell the folder which rows are complete. A writer tags the rows that it appends with the
// current segment and holds a shared lock on it until its transaction ends; the folder moves the
// current segment on, and an older one that nobody holds will never be written to again.
//
// The current segment is a sequence's last value, because that is seen by all at once, whatever
// their snapshots. A writer looks at it again once it has the lock: had the folder moved on in
// between, the folder may have found the lock free. So no writer ever tags a row with a segment
// that the folder takes for complete. Nobody waits for anybody: the folder only tries, and writers
// do but where someone else plays with the same lock.

#include "glue/pg/pg.hpp"

extern "C" {
#include "access/htup_details.h"
#include "access/xact.h"
#include "commands/sequence.h"
#include "storage/lock.h"
#include "utils/fmgrprotos.h"
}

#include <array>
#include <optional>

#include "glue/facts/segment.hpp"
#include "glue/pg/sequence.hpp"

CALYTICS_SQL_FUNCTION(calytics_open_segment);
CALYTICS_SQL_FUNCTION(calytics_advance_segment);

namespace {

int64 current_segment(Oid sequence) {
  LOCAL_FCINFO(call, 1);
  InitFunctionCallInfoData(*call, nullptr, 1, InvalidOid, nullptr, nullptr);
  call->args[0] = {ObjectIdGetDatum(sequence), false};
  const Datum value = pg_sequence_last_value(call);
  if (call->isnull) {
    ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
                    errmsg("sequence calytics.segment has no value yet"),
                    errhint("Run \"select nextval('calytics.segment')\".")));
  }
  return DatumGetInt64(value);
}

// As pg_advisory_xact_lock(int, int) tags it.
LOCKTAG lock_of(int64 segment) {
  constexpr uint32 lock_class = 0x63616c79;
  LOCKTAG tag;
  SET_LOCKTAG_ADVISORY(tag, MyDatabaseId, lock_class, static_cast<uint32>(segment & 0x7fffffff), 2);
  return tag;
}

bool lock(int64 segment, LOCKMODE mode, bool wait) {
  const LOCKTAG tag = lock_of(segment);
  return LockAcquire(&tag, mode, false, !wait) != LOCKACQUIRE_NOT_AVAIL;
}

// What this transaction holds already, which nobody takes for complete before it ends. A lock goes
// with the subtransaction that took it, so one that is undone makes us look again.
std::optional<int64> held;
std::uint64_t turn = 0;  // how often it was taken hold of

void at_transaction(XactEvent event, void* /*argument*/) {
  if (event == XACT_EVENT_COMMIT || event == XACT_EVENT_ABORT || event == XACT_EVENT_PREPARE)
    held.reset();
}

void at_subtransaction(SubXactEvent event, SubTransactionId /*mine*/, SubTransactionId /*parent*/,
                       void* /*argument*/) {
  if (event == SUBXACT_EVENT_ABORT_SUB) held.reset();
}

void hold(int64 segment) {
  static bool listening = false;
  if (!listening) {
    RegisterXactCallback(at_transaction, nullptr);
    RegisterSubXactCallback(at_subtransaction, nullptr);
    listening = true;
  }
  held = segment;
  ++turn;
}

// Whether nobody holds it, ourselves aside.
bool is_free(int64 segment) {
  if (!lock(segment, ExclusiveLock, false)) return false;
  const LOCKTAG tag = lock_of(segment);
  LockRelease(&tag, ExclusiveLock, false);
  return true;
}

}  // namespace

std::int64_t calytics::glue::open_segment() {
  if (IsolationUsesXactSnapshot()) {
    ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
                    errmsg("calytics can't be written to under isolation level \"%s\"",
                           GetConfigOption("transaction_isolation", false, false)),
                    errdetail("A writer must see what was committed before it took its turn."),
                    errhint("Use isolation level \"read committed\".")));
  }
  if (held) return *held;
  const Oid relation = sequence_named("segment");
  int64 segment = current_segment(relation);
  for (bool wait = false;;) {
    const bool locked = lock(segment, ShareLock, wait);
    const int64 now = current_segment(relation);
    if (locked && now == segment) {
      hold(segment);
      return segment;
    }
    wait = !locked && now == segment;
    segment = now;
  }
}

std::uint64_t calytics::glue::segment_turn() {
  return turn;
}

Datum calytics_open_segment(PG_FUNCTION_ARGS) {
  (void)fcinfo;
  PG_RETURN_INT64(calytics::glue::open_segment());
}

Datum calytics_advance_segment(PG_FUNCTION_ARGS) {
  TupleDesc type = nullptr;
  if (get_call_result_type(fcinfo, nullptr, &type) != TYPEFUNC_COMPOSITE) {
    ereport(ERROR, (errcode(ERRCODE_DATATYPE_MISMATCH),
                    errmsg("calytics.advance_segment must return a row")));
  }
  int64 low = PG_GETARG_INT64(0);
  const int64 current = nextval_internal(calytics::glue::sequence_named("segment"), false);
  held.reset();  // the folder doesn't wait for itself
  while (low < current && is_free(low)) {
    CHECK_FOR_INTERRUPTS();
    ++low;
  }
  std::array<Datum, 2> values = {Int64GetDatum(low < current ? low : current),
                                 Int64GetDatum(current)};
  std::array<bool, 2> nulls = {false, false};
  PG_RETURN_DATUM(
      HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(type), values.data(), nulls.data())));
}
