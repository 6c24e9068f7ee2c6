// Memory that all processes of a server share: asked for as the library is preloaded, made by the
// first process that starts with it, found there by the others.
//
// Guarantees: a part is made once, with nobody beside; other libraries' hooks are called first.
#pragma once

#include "glue/pg/pg.hpp"

namespace calytics::glue {

struct SharedPart {
  const char* name;
  std::size_t size;
  int locks;  // a tranche of so many, of that name
  // there: it has been made, and is to be found only.
  void (*attach)(void* memory, bool there);
};

// For the server's lifetime. Only while the library is preloaded.
void share_memory(const SharedPart& part);

}  // namespace calytics::glue
