// The background worker that folds in one database.
#pragma once

#include "glue/pg/pg.hpp"

namespace calytics::glue {

// What the launcher tells it.
struct FolderStart {
  std::uint32_t slot;
  std::uint32_t generation;
  Oid database;
};

}  // namespace calytics::glue
