// Cubes out of sums, as rows hold them.
#pragma once

#include "glue/pg/pg.hpp"

#include "core/metrics/hourly_cubes.hpp"

namespace calytics::glue {

inline bytea* new_cube(core::SumTable& sums) {
  auto* cells = static_cast<bytea*>(palloc(VARHDRSZ + core::room_of_cube(sums)));
  SET_VARSIZE(cells, core::write_cube(sums, VARDATA(cells)) - reinterpret_cast<char*>(cells));
  return cells;
}

inline bytea* new_cube(const core::HourlyCube& cube) {
  auto* cells = static_cast<bytea*>(palloc(VARHDRSZ + core::HourlyCubes::room_of(cube)));
  SET_VARSIZE(cells,
              core::HourlyCubes::write_cube(cube, VARDATA(cells)) - reinterpret_cast<char*>(cells));
  return cells;
}

}  // namespace calytics::glue
