// Many hours' cubes at once: contributions come in any order, and go out as one cube for each basis
// and hour.
//
// Guarantees those of sum_table.hpp; the cubes' bytes are canonical (cube.hpp).
#pragma once

#include "core/metrics/cube.hpp"

namespace calytics::core {

struct HourlyCube {
  std::uint32_t basis = 0;  // a number of the caller's
  std::int64_t hour = 0;
  std::span<const SumTable::Row> cells;
};

class HourlyCubes {
 public:
  explicit HourlyCubes(Memory memory) : memory_(memory), sums_(memory) {}

  // Adds weight * counts to a cell.
  TallyStatus add(std::uint32_t basis, std::int64_t hour, const CubeKey& key,
                  std::string_view counts, std::int64_t weight);

  // The number of cells.
  std::size_t size() const noexcept { return sums_.rows().size(); }

  // Calls for each cube by basis and hour; nothing is added after it. Of a cube that turns out to
  // be empty write_cube writes nothing.
  template <typename Sink>
  void each(Sink sink) {
    sums_.sort();
    const std::span<const SumTable::Row> rows = sums_.rows();
    for (std::size_t begin = 0; begin < rows.size();) {
      std::size_t end = begin + 1;
      while (end < rows.size() && place_of(rows[end]) == place_of(rows[begin]))
        ++end;
      sink(cube_of(rows.subspan(begin, end - begin)));
      begin = end;
    }
  }

  static std::size_t room_of(const HourlyCube& cube) noexcept;
  // Returns the end of what it wrote.
  static char* write_cube(const HourlyCube& cube, char* out) noexcept;

 private:
  // What a key begins with, so that order by bytes is order by basis and hour.
  static constexpr std::size_t kPlace = sizeof(std::uint32_t) + sizeof(std::int64_t);

  static std::string_view place_of(const SumTable::Row& row) noexcept {
    return row.key.substr(0, kPlace);
  }
  static HourlyCube cube_of(std::span<const SumTable::Row> cells) noexcept;

  Memory memory_;
  SumTable sums_;
  char* key_ = nullptr;
  std::size_t key_room_ = 0;
};

}  // namespace calytics::core
