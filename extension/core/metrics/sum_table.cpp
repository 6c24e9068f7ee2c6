#include "core/metrics/sum_table.hpp"

#include <algorithm>
#include <cstring>
#include <functional>
#include <new>

namespace calytics::core {

SumTable::Row& SumTable::row(std::string_view key) {
  if (size_ == room_) grow();
  const std::uint32_t mask = 2 * room_ - 1;
  auto slot = static_cast<std::uint32_t>(std::hash<std::string_view>{}(key)) & mask;
  for (; slots_[slot] != 0; slot = (slot + 1) & mask) {
    Row& there = rows_[slots_[slot] - 1];
    if (there.key == key) return there;
  }
  slots_[slot] = ++size_;
  char* copy = memory_.of<char>(key.size() + 1);
  std::memcpy(copy, key.data(), key.size());
  return *new (rows_ + size_ - 1) Row{.key = {copy, key.size()}, .sum = {}};
}

TallyStatus SumTable::add(Row& row, std::string_view tally, std::int64_t weight,
                          std::int32_t limit) {
  if (weight == 0) return TallyStatus::ok;
  auto unknown = static_cast<std::uint32_t>(TallyWriter::entries(tally.size()));
  if (row.sum.size > 0) {
    const TallyStatus status = add_known(row.sum, tally, weight, unknown, limit);
    if (status != TallyStatus::ok || unknown == 0) return status;
  }
  const std::uint32_t wanted = row.sum.size + unknown;
  if (wanted > row.room) {
    const std::uint32_t room = std::max(wanted, row.sum.size + row.sum.size / 2);
    auto* counts = memory_.of<std::int64_t>(room);
    auto* indexes = memory_.of<std::uint16_t>(room);
    if (row.sum.size > 0) {
      std::memcpy(counts, row.sum.counts, row.sum.size * sizeof *counts);
      std::memcpy(indexes, row.sum.indexes, row.sum.size * sizeof *indexes);
    }
    row.sum.counts = counts;
    row.sum.indexes = indexes;
    row.room = room;
  }
  return row.sum.size == 0 ? begin_sum(row.sum, tally, weight, limit)
                           : add_unknown(row.sum, tally, weight, unknown);
}

void SumTable::sort() {
  std::ranges::sort(rows(), {}, &Row::key);
}

void SumTable::grow() {
  constexpr std::uint32_t first_room = 8;
  const std::uint32_t room = room_ == 0 ? first_room : 2 * room_;
  Row* rows = memory_.of<Row>(room);
  std::copy(rows_, rows_ + size_, rows);
  auto* slots = memory_.of<std::uint32_t>(2 * std::size_t{room});
  std::fill(slots, slots + 2 * std::size_t{room}, 0);
  rows_ = rows;
  slots_ = slots;
  room_ = room;
  const std::uint32_t mask = 2 * room - 1;
  for (std::uint32_t i = 0; i < size_; ++i) {
    auto slot = static_cast<std::uint32_t>(std::hash<std::string_view>{}(rows_[i].key)) & mask;
    while (slots_[slot] != 0)
      slot = (slot + 1) & mask;
    slots_[slot] = i + 1;
  }
}

}  // namespace calytics::core
