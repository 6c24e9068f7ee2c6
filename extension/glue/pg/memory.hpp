// Memory of core/ out of a memory context.
#pragma once

#include "glue/pg/pg.hpp"

#include "core/metrics/sum_table.hpp"

namespace calytics::glue {

inline core::Memory memory_of(MemoryContext context) {
  return {[](void* from, std::size_t bytes) {
            return MemoryContextAllocHuge(static_cast<MemoryContext>(from), bytes);
          },
          context};
}

}  // namespace calytics::glue
