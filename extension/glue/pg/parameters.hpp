// Parameters of statements: arrays, and columns of an unnest that are filled row by row.
#pragma once

#include <array>

#include "glue/pg/statement.hpp"

namespace calytics::glue {

constexpr Oid kInstants = 1185;  // timestamptz[]
constexpr Oid kLocals = 1115;    // timestamp[]

inline std::string_view text_of(Datum value) {
  return bytes_of(PG_DETOAST_DATUM_PACKED(value));
}

Datum array_of(Datum* values, std::size_t size, Oid type);

// Columns of an unnest, filled row by row.
template <std::size_t columns>
class Parameters {
 public:
  explicit Parameters(std::size_t room) {
    for (Datum*& column : values_)
      column = static_cast<Datum*>(palloc(sizeof(Datum) * (room + 1)));
  }
  void put(const std::array<Datum, columns>& row) {
    for (std::size_t i = 0; i < columns; ++i)
      values_[i][size_] = row[i];
    ++size_;
  }
  std::size_t size() const { return size_; }
  Datum array(std::size_t column, Oid type) const { return array_of(values_[column], size_, type); }

 private:
  std::array<Datum*, columns> values_ = {};
  std::size_t size_ = 0;
};

}  // namespace calytics::glue
