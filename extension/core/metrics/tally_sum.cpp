#include "core/metrics/tally_sum.hpp"

#include <algorithm>
#include <cstring>

namespace calytics::core {

namespace {

// The first place from `from` on whose index is not below `index`: mostly the next one, so strides
// double from there, and the last one is halved.
std::uint32_t seek(const TallySum& sum, std::uint32_t from, std::uint16_t index) noexcept {
  if (from >= sum.size || sum.indexes[from] >= index) return from;
  std::uint32_t stride = 1;
  while (from + stride < sum.size && sum.indexes[from + stride] < index) {
    from += stride;
    stride *= 2;
  }
  const std::uint16_t* indexes = sum.indexes;
  const std::uint16_t* end = indexes + std::min(from + stride, sum.size);
  return static_cast<std::uint32_t>(std::lower_bound(indexes + from + 1, end, index) - indexes);
}

}  // namespace

TallyStatus begin_sum(TallySum& sum, std::string_view tally, std::int64_t weight,
                      std::int32_t limit) noexcept {
  TallyReader reader(tally);
  while (reader.next() && reader.index() < limit) {
    if (__builtin_mul_overflow(reader.count(), weight, &sum.counts[sum.size]))
      return TallyStatus::overflow;
    sum.indexes[sum.size++] = static_cast<std::uint16_t>(reader.index());
  }
  return reader.status();
}

TallyStatus add_known(TallySum& sum, std::string_view tally, std::int64_t weight,
                      std::uint32_t& unknown, std::int32_t limit) noexcept {
  unknown = 0;
  std::uint32_t place = 0;
  TallyReader reader(tally);
  while (reader.next() && reader.index() < limit) {
    const auto index = static_cast<std::uint16_t>(reader.index());
    place = seek(sum, place, index);
    if (place < sum.size && sum.indexes[place] == index) {
      std::int64_t product = 0;
      if (__builtin_mul_overflow(reader.count(), weight, &product) ||
          __builtin_add_overflow(sum.counts[place], product, &sum.counts[place])) {
        return TallyStatus::overflow;
      }
      ++place;
    } else {
      ++unknown;
    }
  }
  return reader.status();
}

TallyStatus add_unknown(TallySum& sum, std::string_view tally, std::int64_t weight,
                        std::uint32_t unknown) noexcept {
  if (unknown == 0) return TallyStatus::ok;
  // What is there moves to the end; merged from the front, it never overtakes itself.
  if (sum.size > 0) {
    std::memmove(sum.counts + unknown, sum.counts, sum.size * sizeof *sum.counts);
    std::memmove(sum.indexes + unknown, sum.indexes, sum.size * sizeof *sum.indexes);
  }
  const std::uint32_t end = sum.size + unknown;
  std::uint32_t from = unknown;
  std::uint32_t to = 0;
  TallyReader reader(tally);
  while (to < from && reader.next()) {
    const auto index = static_cast<std::uint16_t>(reader.index());
    for (; from < end && sum.indexes[from] < index; ++from, ++to) {
      sum.indexes[to] = sum.indexes[from];
      sum.counts[to] = sum.counts[from];
    }
    if (from < end && sum.indexes[from] == index) continue;
    if (__builtin_mul_overflow(reader.count(), weight, &sum.counts[to]))
      return TallyStatus::overflow;
    sum.indexes[to++] = index;
  }
  sum.size = end;
  return reader.status();
}

std::size_t entries_of(const TallySum& sum) noexcept {
  return sum.size - static_cast<std::size_t>(std::count(sum.counts, sum.counts + sum.size, 0));
}

void write_sum(const TallySum& sum, TallyWriter& out) noexcept {
  for (std::uint32_t i = 0; i < sum.size; ++i)
    out.put(sum.indexes[i], sum.counts[i]);
}

}  // namespace calytics::core
