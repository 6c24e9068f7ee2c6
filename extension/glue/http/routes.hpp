// Which handler a request is for: rows of calytics.route.
#pragma once

#include "glue/pg/pg.hpp"

namespace calytics::glue {

struct Route {
  std::string_view method;
  std::string_view path;
  Oid handler = InvalidOid;
  std::string_view access;
  std::string_view limit;  // the name of the rate limit that it is under
};

// Without a handler where there is none; params is what the path's {names} stand for, a jsonb in
// the memory context of the caller.
Route route_of(std::string_view method, std::string_view path, Datum& params);

}  // namespace calytics::glue
