#include "core/metrics/cube.hpp"

#include <algorithm>
#include <cstring>

namespace calytics::core {

namespace {

constexpr std::size_t kMostOfALength = 5;

char* write_length(std::size_t value, char* out) noexcept {
  for (; value >= 0x80; value >>= 7U)
    *out++ = static_cast<char>(value | 0x80U);
  *out++ = static_cast<char>(value);
  return out;
}

char* write_text(std::string_view value, char* out) noexcept {
  out = write_length(value.size(), out);
  if (!value.empty()) std::memcpy(out, value.data(), value.size());
  return out + value.size();
}

}  // namespace

std::size_t room_of(const CubeKey& key) noexcept {
  return key.service.size() + key.host.size() + key.currency.size() + 3 * kMostOfALength;
}

char* write_key(const CubeKey& key, char* out) noexcept {
  return write_text(key.currency, write_text(key.host, write_text(key.service, out)));
}

bool CubeReader::length(std::size_t& value) noexcept {
  value = 0;
  for (std::size_t i = 0; i < std::min(kMostOfALength, rest_.size()); ++i) {
    const auto byte = static_cast<unsigned char>(rest_[i]);
    value |= static_cast<std::size_t>(byte & 0x7FU) << (7 * i);
    if (byte < 0x80) {
      rest_.remove_prefix(i + 1);
      return value <= rest_.size();
    }
  }
  return false;
}

bool CubeReader::text(std::string_view& value) noexcept {
  std::size_t size = 0;
  if (!length(size)) return false;
  value = rest_.substr(0, size);
  rest_.remove_prefix(size);
  return true;
}

CubeKey read_key(std::string_view bytes) noexcept {
  CubeReader reader(bytes);
  reader.next_key();
  return reader.key();
}

bool CubeReader::next_key() noexcept {
  const char* const begin = rest_.data();
  if (!text(key_.service) || !text(key_.host) || !text(key_.currency)) return false;
  key_bytes_ = {begin, static_cast<std::size_t>(rest_.data() - begin)};
  return true;
}

bool CubeReader::next() noexcept {
  if (rest_.empty()) return false;
  if (next_key() && text(counts_)) return true;
  damaged_ = true;
  rest_ = {};
  return false;
}

TallyStatus add_cube(SumTable& sums, std::string_view cube, std::int64_t weight) {
  CubeReader cells(cube);
  while (cells.next()) {
    const TallyStatus status = sums.add(cells.key_bytes(), cells.counts(), weight);
    if (status != TallyStatus::ok) return status;
  }
  return cells.status();
}

TallyStatus add_cube(SumTable& sums, std::string_view cube, Split split, Memory memory) {
  char* bytes = nullptr;
  std::size_t room = 0;
  CubeReader cells(cube);
  while (cells.next()) {
    const CubeKey key = kept(cells.key(), split);
    if (room_of(key) > room) {
      room = 2 * room_of(key);
      bytes = memory.of<char>(room);
    }
    const char* end = write_key(key, bytes);
    const TallyStatus status =
        sums.add({bytes, static_cast<std::size_t>(end - bytes)}, cells.counts(), 1);
    if (status != TallyStatus::ok) return status;
  }
  return cells.status();
}

std::size_t room_of_cells(std::span<const SumTable::Row> rows) noexcept {
  std::size_t room = 0;
  for (const SumTable::Row& row : rows)
    room += row.key.size() + kMostOfALength + TallyWriter::room(row.sum.size);
  return room;
}

char* write_cells(std::span<const SumTable::Row> rows, std::size_t without, char* out) noexcept {
  for (const SumTable::Row& row : rows) {
    if (entries_of(row.sum) == 0) continue;
    const std::string_view key = row.key.substr(without);
    std::memcpy(out, key.data(), key.size());
    out += key.size();
    // Written behind the longest length there may be, and moved up to the one there is.
    auto* const counts = reinterpret_cast<std::uint8_t*>(out) + kMostOfALength;
    TallyWriter writer(counts);
    write_sum(row.sum, writer);
    const auto size = static_cast<std::size_t>(writer.end() - counts);
    out = write_length(size, out);
    std::memmove(out, counts, size);
    out += size;
  }
  return out;
}

std::size_t room_of_cube(SumTable& sums) noexcept {
  return room_of_cells(sums.rows());
}

char* write_cube(SumTable& sums, char* out) noexcept {
  sums.sort();
  return write_cells(sums.rows(), 0, out);
}

}  // namespace calytics::core
