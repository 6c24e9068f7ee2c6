// An array that grows in a memory context, without a destructor.
#pragma once

#include "glue/pg/pg.hpp"

#include <algorithm>

namespace calytics::glue {

template <typename T>
struct List {
  MemoryContext memory;
  T* items = nullptr;
  std::size_t size = 0;
  std::size_t room = 0;

  T& put(const T& item) {
    constexpr std::size_t first_room = 32;
    if (size == room) {
      room = room == 0 ? first_room : 2 * room;
      auto* larger = static_cast<T*>(MemoryContextAllocHuge(memory, sizeof(T) * room));
      std::copy_n(items, size, larger);
      if (items != nullptr) pfree(items);
      items = larger;
    }
    items[size] = item;
    return items[size++];
  }
  T* begin() const { return items; }
  T* end() const { return items + size; }
};

}  // namespace calytics::glue
