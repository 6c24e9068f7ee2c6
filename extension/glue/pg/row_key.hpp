// What rows of a table are looked up by: values of the leading columns of one of its indexes.
#pragma once

#include "glue/pg/pg.hpp"

extern "C" {
#include "access/skey.h"
}

#include <array>
#include <string_view>

#include "glue/pg/columns.hpp"

namespace calytics::glue {

class RowKey {
 public:
  RowKey& put(std::int32_t value);
  RowKey& put(std::string_view text);
  RowKey& put(std::int64_t value);
  RowKey& put(const core::PersonId& id);
  RowKey& put_bytes(Datum bytes);
  RowKey& put_instant(TimestampTz at);
  RowKey& put_local(Timestamp at);

  ScanKeyData* keys_of(Relation index);
  int size() const { return size_; }

 private:
  RowKey& put(Datum value, RegProcedure equals);

  static constexpr std::size_t most = 6;
  std::array<ScanKeyData, most> keys_;
  int size_ = 0;
};

}  // namespace calytics::glue
