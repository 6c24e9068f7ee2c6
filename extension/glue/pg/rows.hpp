// Arrays of rows as arguments: each row taken apart by the position of its columns.
#pragma once

#include "glue/pg/pg.hpp"

extern "C" {
#include "utils/lsyscache.h"
#include "utils/typcache.h"
}

#include <array>

namespace calytics::glue {

struct Row {
  static constexpr int most = 20;
  std::array<Datum, most> values;
  std::array<bool, most> nulls;

  // They live as long as the argument does; none for NULL.
  std::string_view bytes(std::size_t column) const {
    return nulls[column] ? std::string_view{} : bytes_of(PG_DETOAST_DATUM_PACKED(values[column]));
  }
  bool flag(std::size_t column) const { return !nulls[column] && DatumGetBool(values[column]); }
  std::int64_t time(std::size_t column) const {
    return nulls[column] ? PG_INT64_MIN : DatumGetTimestamp(values[column]);
  }
};

struct Rows {
  const Datum* rows = nullptr;
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

inline Rows rows_of(const Datum* rows, int size, Oid type, std::int32_t modifier) {
  Rows result = {rows, size, lookup_rowtype_tupdesc_copy(type, modifier)};
  if (result.shape->natts > Row::most) {
    ereport(ERROR,
            (errcode(ERRCODE_DATATYPE_MISMATCH), errmsg("these rows have too many columns")));
  }
  return result;
}

// Of the type that they say they are of.
inline Rows rows_of(const Datum* rows, int size) {
  if (size == 0) return {};
  HeapTupleHeader first = DatumGetHeapTupleHeader(rows[0]);
  return rows_of(rows, size, HeapTupleHeaderGetTypeId(first), HeapTupleHeaderGetTypMod(first));
}

inline Rows rows_argument(FunctionCallInfo fcinfo, int argument) {
  if (PG_ARGISNULL(argument)) return {};
  ArrayType* array = PG_GETARG_ARRAYTYPE_P(argument);
  Datum* rows = nullptr;
  bool* nulls = nullptr;
  int size = 0;
  deconstruct_array(array, ARR_ELEMTYPE(array), -1, false, TYPALIGN_DOUBLE, &rows, &nulls, &size);
  return rows_of(rows, size, ARR_ELEMTYPE(array), -1);
}

// The bytes of a text argument; none for NULL.
inline std::string_view text_argument(FunctionCallInfo fcinfo, int argument) {
  return PG_ARGISNULL(argument) ? std::string_view{} : bytes_of(PG_GETARG_VARLENA_PP(argument));
}

// The texts of an array; a NULL is passed over.
template <typename Sink>
void for_each_text(ArrayType* texts, Sink sink) {
  Datum* elements = nullptr;
  bool* nulls = nullptr;
  int size = 0;
  deconstruct_array(texts, TEXTOID, -1, false, TYPALIGN_INT, &elements, &nulls, &size);
  for (int i = 0; i < size; ++i) {
    if (!nulls[i]) sink(bytes_of(PG_DETOAST_DATUM_PACKED(elements[i])));
  }
}

// Whether an array of texts holds this one.
inline bool holds(Datum texts, std::string_view text) {
  bool found = false;
  for_each_text(DatumGetArrayTypeP(texts),
                [&](std::string_view held) { found = found || held == text; });
  return found;
}

}  // namespace calytics::glue
