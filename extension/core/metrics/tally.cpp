#include "core/metrics/tally.hpp"

#include <algorithm>

namespace calytics::core {

namespace {

TallyStatus either(const TallyReader& a, const TallyReader& b) noexcept {
  return a.status() == TallyStatus::ok ? b.status() : a.status();
}

}  // namespace

bool TallyReader::long_varint(std::uint64_t& value) noexcept {
  value = 0;
  for (unsigned shift = 0; at_ != end_; shift += 7) {
    const std::uint8_t byte = *at_++;
    value |= static_cast<std::uint64_t>(byte & 0x7FU) << shift;
    const bool top = shift == 63;
    if (byte < 0x80) return byte != 0 && (!top || byte == 1);
    if (top) return false;
  }
  return false;
}

TallyStatus check_tally(std::string_view bytes) noexcept {
  TallyReader reader(bytes);
  while (reader.next()) {
  }
  return reader.status();
}

TallyStatus add_tallies(std::string_view a, std::string_view b, std::int64_t weight,
                        TallyWriter& out) noexcept {
  TallyReader left(a);
  TallyReader right(b);
  bool has_left = left.next();
  bool has_right = right.next();
  while (has_left || has_right) {
    const std::int32_t index = std::min(has_left ? left.index() : kTallyIndexes,
                                        has_right ? right.index() : kTallyIndexes);
    std::int64_t count = 0;
    if (has_left && left.index() == index) {
      count = left.count();
      has_left = left.next();
    }
    if (has_right && right.index() == index) {
      if (!add_product(count, right.count(), weight)) return TallyStatus::overflow;
      has_right = right.next();
    }
    out.put(index, count);
  }
  return either(left, right);
}

TallyStatus sort_entries(std::span<TallyEntry>& entries) noexcept {
  if (entries.empty()) return TallyStatus::ok;
  std::ranges::sort(entries, {}, &TallyEntry::index);
  std::size_t last = 0;
  for (std::size_t i = 1; i < entries.size(); ++i) {
    if (entries[i].index != entries[last].index) {
      entries[++last] = entries[i];
    } else if (!add_product(entries[last].count, entries[i].count, 1)) {
      return TallyStatus::overflow;
    }
  }
  entries = entries.first(last + 1);
  return TallyStatus::ok;
}

TallyStatus tally_get(std::string_view bytes, std::int32_t index, std::int64_t& count) noexcept {
  TallyReader reader(bytes);
  count = 0;
  while (reader.next()) {
    if (reader.index() < index) continue;
    if (reader.index() == index) count = reader.count();
    break;
  }
  return reader.status();
}

TallyStatus tally_dot(std::string_view a, std::string_view b, std::int64_t& product) noexcept {
  TallyReader left(a);
  TallyReader right(b);
  product = 0;
  bool more = left.next() && right.next();
  while (more) {
    if (left.index() < right.index()) {
      more = left.next();
    } else if (left.index() > right.index()) {
      more = right.next();
    } else {
      if (!add_product(product, left.count(), right.count())) return TallyStatus::overflow;
      more = left.next() && right.next();
    }
  }
  return either(left, right);
}

}  // namespace calytics::core
