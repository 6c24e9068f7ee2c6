// Arrays of rows, as SQL hands them to C++: taken apart by position.
#pragma once

#include "pg.hpp"

extern "C" {
#include "utils/lsyscache.h"
#include "utils/typcache.h"
}

#include <array>

namespace calytics::glue {

// One row of an array of rows.
struct Row {
  static constexpr int most = 16;
  std::array<Datum, most> values;
  std::array<bool, most> nulls;

  std::string_view bytes(int column) const {
    const auto i = static_cast<std::size_t>(column);
    return nulls[i] ? std::string_view{} : bytes_of(PG_DETOAST_DATUM_PACKED(values[i]));
  }
  bool flag(int column) const {
    const auto i = static_cast<std::size_t>(column);
    return !nulls[i] && DatumGetBool(values[i]);
  }
};

struct Rows {
  Datum* rows = nullptr;
  int size = 0;
  TupleDesc shape = nullptr;

  Row at(int i) const {
    Row row;
    HeapTupleHeader header = DatumGetHeapTupleHeader(rows[i]);
    HeapTupleData tuple = {};
    tuple.t_len = HeapTupleHeaderGetDatumLength(header);
    tuple.t_data = header;
    heap_deform_tuple(&tuple, shape, row.values.data(), row.nulls.data());
    return row;
  }
};

inline Rows rows_argument(FunctionCallInfo fcinfo, int argument) {
  if (PG_ARGISNULL(argument)) return {};
  ArrayType* array = PG_GETARG_ARRAYTYPE_P(argument);
  Rows result;
  bool* nulls = nullptr;
  deconstruct_array(array, ARR_ELEMTYPE(array), -1, false, TYPALIGN_DOUBLE, &result.rows, &nulls,
                    &result.size);
  result.shape = lookup_rowtype_tupdesc_copy(ARR_ELEMTYPE(array), -1);
  if (result.shape->natts > Row::most) {
    ereport(ERROR,
            (errcode(ERRCODE_DATATYPE_MISMATCH), errmsg("these rows have too many columns")));
  }
  return result;
}

}  // namespace calytics::glue
