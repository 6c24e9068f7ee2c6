#include "glue/http/http_types.hpp"

extern "C" {
#include "catalog/namespace.h"
#include "utils/jsonb.h"
#include "utils/lsyscache.h"
}

#include <algorithm>
#include <cstring>

#include "glue/pg/json_member.hpp"
#include "glue/pg/watched_tables.hpp"

namespace calytics::glue {
namespace {

constexpr int kMostColumns = 16;
using Values = std::array<Datum, kMostColumns>;
using Nulls = std::array<bool, kMostColumns>;

void insist_on(TupleDesc shape, std::size_t count) {
  if (shape->natts != static_cast<int>(count)) {
    ereport(ERROR, (errcode(ERRCODE_DATATYPE_MISMATCH),
                    errmsg("a type of schema calytics has other columns than this library"),
                    errhint("Run \"alter extension calytics update\".")));
  }
}

// The two types that each request needs are looked up once.
Oid type_named(const char* name) {
  constexpr std::array<const char*, 2> names = {"http_request", "http_response"};
  static WatchedTables relations(names[0], names[1]);
  static std::array<Oid, names.size()> types;
  const auto look_up = [](const char* type) {
    return get_rel_type_id(get_relname_relid(type, get_namespace_oid("calytics", false)));
  };
  if (relations.have_changed()) std::ranges::transform(names, types.begin(), look_up);
  for (std::size_t i = 0; i < names.size(); ++i)
    if (strcmp(names[i], name) == 0) return types[i];
  return look_up(name);
}

}  // namespace

Datum composite(const char* type, const NullableDatum* columns, std::size_t count) {
  TupleDesc shape = lookup_rowtype_tupdesc(type_named(type), -1);
  insist_on(shape, count);
  Values values;
  Nulls nulls;
  for (std::size_t i = 0; i < count; ++i) {
    values[i] = columns[i].value;
    nulls[i] = columns[i].isnull;
  }
  const Datum row = HeapTupleGetDatum(heap_form_tuple(shape, values.data(), nulls.data()));
  ReleaseTupleDesc(shape);
  return row;
}

void take_apart(Datum row, NullableDatum* columns, std::size_t count) {
  HeapTupleHeader header = DatumGetHeapTupleHeader(row);
  TupleDesc shape =
      lookup_rowtype_tupdesc(HeapTupleHeaderGetTypeId(header), HeapTupleHeaderGetTypMod(header));
  insist_on(shape, count);
  HeapTupleData tuple = {};
  tuple.t_len = HeapTupleHeaderGetDatumLength(header);
  tuple.t_data = header;
  Values values;
  Nulls nulls;
  heap_deform_tuple(&tuple, shape, values.data(), nulls.data());
  ReleaseTupleDesc(shape);
  for (std::size_t i = 0; i < count; ++i)
    columns[i] = {.value = values[i], .isnull = nulls[i]};
}

std::string_view source_of(const NullableDatum& params) {
  const text* name = params.isnull ? nullptr : text_member(DatumGetJsonbP(params.value), "source");
  return name == nullptr ? "default" : bytes_of(name);
}

}  // namespace calytics::glue
