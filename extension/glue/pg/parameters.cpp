#include "glue/pg/parameters.hpp"

extern "C" {
#include "utils/lsyscache.h"
}

namespace calytics::glue {

Datum array_of(Datum* values, std::size_t size, Oid type) {
  std::int16_t length = 0;
  bool by_value = false;
  char alignment = 0;
  get_typlenbyvalalign(type, &length, &by_value, &alignment);
  return PointerGetDatum(
      construct_array(values, static_cast<int>(size), type, length, by_value, alignment));
}

}  // namespace calytics::glue
