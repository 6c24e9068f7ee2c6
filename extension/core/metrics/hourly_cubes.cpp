#include "core/metrics/hourly_cubes.hpp"

#include <bit>

namespace calytics::core {

namespace {

constexpr std::size_t kByte = 8;
constexpr std::uint64_t kSign = std::uint64_t{1} << 63U;

// Bytes that are ordered as the numbers are.
template <typename Number>
char* write_ordered(Number number, char* out) noexcept {
  for (std::size_t i = sizeof number; i-- > 0;)
    *out++ = static_cast<char>(number >> (kByte * i));
  return out;
}

template <typename Number>
Number read_ordered(std::string_view bytes) noexcept {
  Number number = 0;
  for (std::size_t i = 0; i < sizeof number; ++i)
    number = number << kByte | static_cast<std::uint8_t>(bytes[i]);
  return number;
}

}  // namespace

TallyStatus HourlyCubes::add(std::uint32_t basis, std::int64_t hour, const CubeKey& key,
                             std::string_view counts, std::int64_t weight) {
  const std::size_t wanted = kPlace + core::room_of(key);
  if (wanted > key_room_) {
    key_room_ = 2 * wanted;
    key_ = memory_.of<char>(key_room_);
  }
  write_ordered(std::bit_cast<std::uint64_t>(hour) ^ kSign, write_ordered(basis, key_));
  const char* end = write_key(key, key_ + kPlace);
  return sums_.add({key_, static_cast<std::size_t>(end - key_)}, counts, weight);
}

HourlyCube HourlyCubes::cube_of(std::span<const SumTable::Row> cells) noexcept {
  const std::string_view place = place_of(cells.front());
  const auto basis = read_ordered<std::uint32_t>(place);
  const auto hour = read_ordered<std::uint64_t>(place.substr(sizeof basis));
  return {basis, std::bit_cast<std::int64_t>(hour ^ kSign), cells};
}

std::size_t HourlyCubes::room_of(const HourlyCube& cube) noexcept {
  return room_of_cells(cube.cells);
}

char* HourlyCubes::write_cube(const HourlyCube& cube, char* out) noexcept {
  return write_cells(cube.cells, kPlace, out);
}

}  // namespace calytics::core
