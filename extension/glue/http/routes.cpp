// A session remembers the routes of plain paths, which nearly all requests are for; a path with
// {names} is looked up by SQL.

#include "glue/http/routes.hpp"

extern "C" {
#include "utils/fmgrprotos.h"
#include "utils/jsonb.h"
#include "utils/memutils.h"
}

#include "glue/pg/columns.hpp"
#include "glue/pg/list.hpp"
#include "glue/pg/watched_tables.hpp"

namespace calytics::glue {
namespace {

constexpr Oid kRequest[] = {TEXTOID, TEXTOID};

// By key, or its plan would count as so dear that the server compiles it first.
Statement read_plain(
    "select r.handler, r.access, calytics.limit_class(r.access), r.method, r.path"
    " from calytics.route r where r.pattern is null order by r.path, r.method");

Statement match(
    "select m.handler, m.access, calytics.limit_class(m.access), m.params"
    " from calytics.match_route($2) m where m.method = $1",
    kRequest);

WatchedTables tables("route");
List<Route> plain;

std::string_view copy_of(Datum value) {
  const std::string_view text = bytes_of(PG_DETOAST_DATUM_PACKED(value));
  auto* copy = static_cast<char*>(palloc(text.size() + 1));
  memcpy(copy, text.data(), text.size());
  return {copy, text.size()};
}

Route taken(const Datum* values) {
  Route route;
  route.handler = DatumGetObjectId(values[0]);
  route.access = copy_of(values[1]);
  route.limit = copy_of(values[2]);
  return route;
}

void remember(void* /*context*/, const Datum* values, const bool* /*nulls*/) {
  MemoryContext before = MemoryContextSwitchTo(plain.memory);
  Route route = taken(values);
  route.method = copy_of(values[3]);
  route.path = copy_of(values[4]);
  plain.put(route);
  MemoryContextSwitchTo(before);
}

void read_again() {
  if (plain.memory == nullptr) {
    plain.memory = AllocSetContextCreate(TopMemoryContext, "calytics routes", ALLOCSET_SMALL_SIZES);
  }
  MemoryContextReset(plain.memory);
  plain = {.memory = plain.memory};
  SPI_connect();
  read_plain.write(nullptr, nullptr, remember);
  SPI_finish();
}

struct Matched {
  MemoryContext memory;
  Route route;
  Datum params;
};

Matched matched(std::string_view method, std::string_view path) {
  Matched result = {};
  result.memory = CurrentMemoryContext;
  result.route.limit = "read";
  SPI_connect();
  Arguments()
      .put_all(method, path)
      .write(
          match,
          [](void* context, const Datum* values, const bool* nulls) {
            auto* result = static_cast<Matched*>(context);
            MemoryContext before = MemoryContextSwitchTo(result->memory);
            result->route = taken(values);
            if (!nulls[3]) result->params = PointerGetDatum(PG_DETOAST_DATUM_COPY(values[3]));
            MemoryContextSwitchTo(before);
          },
          &result);
  SPI_finish();
  return result;
}

}  // namespace

Route route_of(std::string_view method, std::string_view path, Datum& params) {
  if (tables.have_changed()) read_again();
  for (const Route& route : plain) {
    if (route.path != path || route.method != method) continue;
    params = DirectFunctionCall1(jsonb_in, CStringGetDatum("{}"));
    return route;
  }
  const Matched result = matched(method, path);
  params = result.params;
  return result.route;
}

}  // namespace calytics::glue
