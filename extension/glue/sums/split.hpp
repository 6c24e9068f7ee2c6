// What sums are kept apart by, as buckets name it: none, service, host or both.
#pragma once

#include "glue/pg/pg.hpp"

#include "core/metrics/cube.hpp"

namespace calytics::glue {

inline core::Split split_named(std::string_view name) {
  if (name == "none") return {.service = false, .host = false};
  if (name == "service") return {.service = true, .host = false};
  if (name == "host") return {.service = false, .host = true};
  if (name == "both") return {.service = true, .host = true};
  ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                  errmsg("sums are split by none, service, host or both")));
}

inline const char* name_of(core::Split split) {
  if (split.service) return split.host ? "both" : "service";
  return split.host ? "host" : "none";
}

}  // namespace calytics::glue
