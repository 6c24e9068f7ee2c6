// A cube: tallies by service, host and currency, packed into one value, so that a bucket is one row
// however many services and hosts there are, and reading a year is reading some dozens of rows.
//
// Its bytes are canonical, so that equal cubes are equal bytes: cells in the order of their keys'
// bytes, each cell its key and its tally, whose length a varint tells. A key is three texts, each
// after a varint of its length. No cell is empty; no bytes are the empty cube.
//
// Guarantees: no byte outside those given is read, whatever they hold; nothing here throws.
#pragma once

#include "core/metrics/sum_table.hpp"

namespace calytics::core {

struct CubeKey {
  std::string_view service;
  std::string_view host;
  std::string_view currency;
};

// What a sum keeps apart; where it is over all services, or hosts, their name is kAll.
struct Split {
  bool service = false;
  bool host = false;
};
inline constexpr std::string_view kAll = "*";

// The key of the sum that a cell belongs to.
inline CubeKey kept(const CubeKey& key, Split split) noexcept {
  return {split.service ? key.service : kAll, split.host ? key.host : kAll, key.currency};
}

std::size_t room_of(const CubeKey& key) noexcept;
// Returns the end of what it wrote; there is room for room_of(key).
char* write_key(const CubeKey& key, char* out) noexcept;
// The key that write_key wrote.
CubeKey read_key(std::string_view bytes) noexcept;

class CubeReader {
 public:
  explicit CubeReader(std::string_view bytes) noexcept : rest_(bytes) {}

  // False behind the last cell, and where the bytes are no cube's.
  bool next() noexcept;

  bool next_key() noexcept;
  const CubeKey& key() const noexcept { return key_; }
  std::string_view key_bytes() const noexcept { return key_bytes_; }
  std::string_view counts() const noexcept { return counts_; }
  TallyStatus status() const noexcept { return damaged_ ? TallyStatus::damaged : TallyStatus::ok; }

 private:
  bool length(std::size_t& value) noexcept;
  bool text(std::string_view& value) noexcept;

  std::string_view rest_;
  CubeKey key_;
  std::string_view key_bytes_;
  std::string_view counts_;
  bool damaged_ = false;
};

// Adds weight * cube to sums by the bytes of a key.
TallyStatus add_cube(SumTable& sums, std::string_view cube, std::int64_t weight);
// The same, kept apart by no more than the split; `memory` is for keys.
TallyStatus add_cube(SumTable& sums, std::string_view cube, Split split, Memory memory);

// What write_cube takes at most; then the cube itself: it returns its end. Sorts the sums.
std::size_t room_of_cube(SumTable& sums) noexcept;
char* write_cube(SumTable& sums, char* out) noexcept;

// The same of rows that are sorted, without so many first bytes of their keys.
std::size_t room_of_cells(std::span<const SumTable::Row> rows) noexcept;
char* write_cells(std::span<const SumTable::Row> rows, std::size_t without, char* out) noexcept;

}  // namespace calytics::core
