// Many short-lived values side by side in a few blocks of memory, as they stand in a row: cheaper
// than a piece of memory for each.
#pragma once

#include "glue/pg/pg.hpp"

#include <algorithm>
#include <utility>

namespace calytics::glue {

class PackedTexts {
 public:
  // In blocks of the current memory context.
  Datum put(std::string_view text) {
    const std::size_t size = text.size() + VARHDRSZ_SHORT;
    if (size > VARATT_SHORT_MAX) return text_datum(text);
    char* value = take(size);
    SET_VARSIZE_SHORT(value, size);
    memcpy(VARDATA_SHORT(value), text.data(), text.size());
    return PointerGetDatum(value);
  }

  // Bytes of a type of fixed length without alignment.
  Datum put(const std::uint8_t* bytes, std::size_t size) {
    char* value = take(size);
    memcpy(value, bytes, size);
    return PointerGetDatum(value);
  }

 private:
  static constexpr std::size_t kBlock = std::size_t{4} << 10;

  char* take(std::size_t size) {
    if (size > left_) {
      left_ = std::max(kBlock, size);
      next_ = static_cast<char*>(palloc(left_));
    }
    left_ -= size;
    return std::exchange(next_, next_ + size);
  }

  char* next_ = nullptr;
  std::size_t left_ = 0;
};

}  // namespace calytics::glue
