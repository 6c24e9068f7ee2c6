#include "glue/pg/row_key.hpp"

extern "C" {
#include "utils/fmgroids.h"
#include "utils/rel.h"
}

namespace calytics::glue {

RowKey& RowKey::put(Datum value, RegProcedure equals) {
  ScanKeyEntryInitialize(&keys_[static_cast<std::size_t>(size_)], 0,
                         static_cast<AttrNumber>(size_ + 1), BTEqualStrategyNumber, InvalidOid,
                         InvalidOid, equals, value);
  ++size_;
  return *this;
}

RowKey& RowKey::put(std::int32_t value) {
  return put(Int32GetDatum(value), F_INT4EQ);
}

RowKey& RowKey::put(std::int64_t value) {
  return put(Int64GetDatum(value), F_INT8EQ);
}

RowKey& RowKey::put(std::string_view text) {
  return put(text_datum(text), F_TEXTEQ);
}

RowKey& RowKey::put(const core::PersonId& id) {
  return put(uuid_datum(id.data()), F_UUID_EQ);
}

RowKey& RowKey::put_bytes(Datum bytes) {
  return put(bytes, F_BYTEAEQ);
}

RowKey& RowKey::put_instant(TimestampTz at) {
  return put(TimestampTzGetDatum(at), F_TIMESTAMPTZ_EQ);
}

RowKey& RowKey::put_local(Timestamp at) {
  return put(TimestampGetDatum(at), F_TIMESTAMP_EQ);
}

ScanKeyData* RowKey::keys_of(Relation index) {
  for (int i = 0; i < size_; ++i)
    keys_[static_cast<std::size_t>(i)].sk_collation = index->rd_indcollation[i];
  return keys_.data();
}

}  // namespace calytics::glue
