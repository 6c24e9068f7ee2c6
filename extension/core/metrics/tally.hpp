// A tally: a sparse vector of counts, from an index (0 to 65535) to a bigint that is not zero. It
// is what a bucket of metrics holds and what is added up when metrics are read.
//
// Its bytes are canonical, so that equal tallies are equal bytes: entries by ascending index, each
// the distance from the index before (less one) and the count zigzagged, both as varints of the
// shortest form. No bytes are the empty tally.
//
// Guarantees: nothing here throws or allocates; no byte outside those given is read, whatever they
// hold; arithmetic beyond 64 bits is a status.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace calytics::core {

inline constexpr std::int32_t kTallyIndexes = 65536;

enum class TallyStatus { ok, damaged, overflow };

// total += count * weight; false if that is beyond 64 bits.
inline bool add_product(std::int64_t& total, std::int64_t count, std::int64_t weight) noexcept {
  std::int64_t product = 0;
  return !__builtin_mul_overflow(count, weight, &product) &&
         !__builtin_add_overflow(total, product, &total);
}

struct TallyEntry {
  std::uint16_t index;
  std::int64_t count;
};

// Reads a tally's entries one after the other.
class TallyReader {
 public:
  explicit TallyReader(std::string_view bytes) noexcept
      : at_(reinterpret_cast<const std::uint8_t*>(bytes.data())), end_(at_ + bytes.size()) {}

  // False behind the last entry, and where the bytes are no tally's.
  bool next() noexcept;

  std::int32_t index() const noexcept { return index_; }
  std::int64_t count() const noexcept { return count_; }
  TallyStatus status() const noexcept { return damaged_ ? TallyStatus::damaged : TallyStatus::ok; }

 private:
  bool varint(std::uint64_t& value) noexcept {
    if (at_ != end_ && *at_ < 0x80) {
      value = *at_++;
      return true;
    }
    return long_varint(value);
  }
  bool long_varint(std::uint64_t& value) noexcept;
  bool damaged() noexcept {
    damaged_ = true;
    at_ = end_;
    return false;
  }

  const std::uint8_t* at_;
  const std::uint8_t* end_;
  std::int32_t index_ = -1;
  std::int64_t count_ = 0;
  bool damaged_ = false;
};

// Writes entries of ascending index where the caller has room for them. Zeros vanish.
class TallyWriter {
 public:
  explicit TallyWriter(std::uint8_t* out) noexcept : at_(out) {}

  // What so many entries take at most.
  static constexpr std::size_t room(std::size_t entries) noexcept {
    constexpr std::size_t most_of_an_entry = 3 + 10;
    return most_of_an_entry * (entries < kTallyIndexes ? entries : kTallyIndexes);
  }
  // How many entries so many bytes hold at most.
  static constexpr std::size_t entries(std::size_t bytes) noexcept { return bytes / 2; }

  void put(std::int32_t index, std::int64_t count) noexcept;
  std::uint8_t* end() const noexcept { return at_; }

 private:
  void varint(std::uint64_t value) noexcept {
    for (; value >= 0x80; value >>= 7U)
      *at_++ = static_cast<std::uint8_t>(value | 0x80U);
    *at_++ = static_cast<std::uint8_t>(value);
  }

  std::uint8_t* at_;
  std::int32_t index_ = -1;
};

// Whether these are a tally's bytes.
TallyStatus check_tally(std::string_view bytes) noexcept;

// a + weight * b. Room: for the entries of both.
TallyStatus add_tallies(std::string_view a, std::string_view b, std::int64_t weight,
                        TallyWriter& out) noexcept;

// Orders entries by index and makes one of those that share one; `entries` shrinks to what is left.
TallyStatus sort_entries(std::span<TallyEntry>& entries) noexcept;

// 0 where the index is absent.
TallyStatus tally_get(std::string_view bytes, std::int32_t index, std::int64_t& count) noexcept;

// The sum of the products of counts of equal index.
TallyStatus tally_dot(std::string_view a, std::string_view b, std::int64_t& product) noexcept;

inline bool TallyReader::next() noexcept {
  if (at_ == end_) return false;
  std::uint64_t distance = 0;
  std::uint64_t zigzag = 0;
  if (!varint(distance) || !varint(zigzag) || zigzag == 0 || distance >= kTallyIndexes)
    return damaged();
  index_ += static_cast<std::int32_t>(distance) + 1;
  if (index_ >= kTallyIndexes) return damaged();
  count_ = static_cast<std::int64_t>((zigzag >> 1U) ^ (0 - (zigzag & 1U)));
  return true;
}

inline void TallyWriter::put(std::int32_t index, std::int64_t count) noexcept {
  if (count == 0) return;
  varint(static_cast<std::uint64_t>(index - index_ - 1));
  varint((static_cast<std::uint64_t>(count) << 1U) ^ static_cast<std::uint64_t>(count >> 63));
  index_ = index;
}

}  // namespace calytics::core
