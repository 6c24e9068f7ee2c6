#include "hourly_cubes.hpp"

#include <bit>

namespace calytics::core {

namespace {

constexpr std::size_t kByte = 8;
constexpr std::uint64_t kSign = std::uint64_t{1} << 63U;

// Bytes that are ordered as the hours are.
void write_hour(std::int64_t hour, char* out) noexcept {
  const std::uint64_t bits = std::bit_cast<std::uint64_t>(hour) ^ kSign;
  for (std::size_t i = 0; i < sizeof bits; ++i)
    out[i] = static_cast<char>(bits >> (kByte * (sizeof bits - 1 - i)));
}

std::int64_t read_hour(std::string_view bytes) noexcept {
  std::uint64_t bits = 0;
  for (std::size_t i = 0; i < sizeof bits; ++i)
    bits = bits << kByte | static_cast<std::uint8_t>(bytes[i]);
  return std::bit_cast<std::int64_t>(bits ^ kSign);
}

}  // namespace

TallyStatus HourlyCubes::add(std::uint8_t basis, std::int64_t hour, const CubeKey& key,
                             std::string_view counts, std::int64_t weight) {
  const std::size_t wanted = kPlace + core::room_of(key);
  if (wanted > key_room_) {
    key_room_ = 2 * wanted;
    key_ = memory_.of<char>(key_room_);
  }
  key_[0] = static_cast<char>(basis);
  write_hour(hour, key_ + 1);
  const char* end = write_key(key, key_ + kPlace);
  return sums_.add({key_, static_cast<std::size_t>(end - key_)}, counts, weight);
}

HourlyCube HourlyCubes::cube_of(std::span<const SumTable::Row> cells) noexcept {
  const std::string_view place = place_of(cells.front());
  return {static_cast<std::uint8_t>(place[0]), read_hour(place.substr(1)), cells};
}

std::size_t HourlyCubes::room_of(const HourlyCube& cube) noexcept {
  return room_of_cells(cube.cells);
}

char* HourlyCubes::write_cube(const HourlyCube& cube, char* out) noexcept {
  return write_cells(cube.cells, kPlace, out);
}

}  // namespace calytics::core
