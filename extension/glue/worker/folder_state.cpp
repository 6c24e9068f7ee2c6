// calytics.folder_state(): what shared memory knows of this database's folder.

#include "glue/pg/pg.hpp"

extern "C" {
#include "access/htup_details.h"
}

#include <array>

#include "glue/worker/folder_slots.hpp"

CALYTICS_SQL_FUNCTION(calytics_folder_state);

namespace {

using calytics::glue::folder_slots;
using calytics::glue::FolderSlot;

constexpr std::size_t kStateColumns = 7;

class StateRow {
 public:
  void put(Datum value, bool known = true) {
    values_[next_] = value;
    nulls_[next_++] = !known;
  }
  void instant(TimestampTz value) { put(TimestampTzGetDatum(value), value != 0); }

  Datum row(TupleDesc type) {
    return HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(type), values_.data(), nulls_.data()));
  }

 private:
  std::size_t next_ = 0;
  std::array<Datum, kStateColumns> values_{};
  std::array<bool, kStateColumns> nulls_{};
};

}  // namespace

Datum calytics_folder_state(PG_FUNCTION_ARGS) {
  TupleDesc type = nullptr;
  if (get_call_result_type(fcinfo, nullptr, &type) != TYPEFUNC_COMPOSITE ||
      type->natts != kStateColumns) {
    ereport(ERROR, (errcode(ERRCODE_DATATYPE_MISMATCH),
                    errmsg("calytics.folder_state does not fit the library that is loaded"),
                    errhint("Run \"alter extension calytics update\" and connect again.")));
  }
  if (folder_slots == nullptr) PG_RETURN_NULL();
  LWLockAcquire(folder_slots->lock, LW_SHARED);
  const FolderSlot* slot = calytics::glue::find_slot(MyDatabaseId);
  if (slot == nullptr) {
    LWLockRelease(folder_slots->lock);
    PG_RETURN_NULL();
  }
  const bool runs = slot->pid != 0;
  StateRow columns;
  columns.put(Int32GetDatum(slot->pid), runs);
  columns.instant(runs ? slot->started_at : 0);
  columns.instant(slot->run_at);
  columns.put(Int64GetDatum(slot->runs));
  columns.put(Int64GetDatum(slot->errors));
  columns.put(calytics::glue::text_datum(slot->error.data()), slot->errors > 0);
  columns.instant(slot->error_at);
  LWLockRelease(folder_slots->lock);
  PG_RETURN_DATUM(columns.row(type));
}
