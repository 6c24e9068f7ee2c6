// What all glue around type calytics.tally shares: its bytes in a Datum, a Datum made of entries,
// and the errors.
#pragma once

#include "glue/pg/pg.hpp"

#include "core/metrics/tally.hpp"

namespace calytics::glue {

// They live as long as the argument does.
inline std::string_view tally_argument(FunctionCallInfo fcinfo, int argument) {
  return bytes_of(PG_GETARG_VARLENA_PP(argument));
}

inline void raise_unless_ok(core::TallyStatus status) {
  switch (status) {
    case core::TallyStatus::ok:
      return;
    case core::TallyStatus::overflow:
      ereport(ERROR, (errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
                      errmsg("a count of a tally is out of the range of bigint")));
      break;
    case core::TallyStatus::damaged:
      ereport(ERROR, (errcode(ERRCODE_DATA_CORRUPTED), errmsg("a stored tally is damaged")));
      break;
  }
}

// A tally being written, with room for so many entries.
class NewTally {
 public:
  explicit NewTally(std::size_t entries)
      : value_(static_cast<varlena*>(palloc(VARHDRSZ + core::TallyWriter::room(entries)))),
        out_(reinterpret_cast<std::uint8_t*>(VARDATA(value_))) {}

  core::TallyWriter& out() { return out_; }
  varlena* finish() {
    SET_VARSIZE(value_, reinterpret_cast<char*>(out_.end()) - reinterpret_cast<char*>(value_));
    return value_;
  }

 private:
  varlena* value_;
  core::TallyWriter out_;
};

}  // namespace calytics::glue
