// Sums of tallies by key: a hash table in memory that a function of the caller's provides, so that
// it may come from a memory context.
//
// Guarantees: nothing here throws, and nothing is released; arithmetic beyond 64 bits is a status.
// Keys are bytes; what a key's view points at must outlive the table or be copied by it (`add`
// does).
#pragma once

#include "core/metrics/tally_sum.hpp"

namespace calytics::core {

// Takes memory that nobody gives back here; may leave by longjmp, but never returns NULL.
struct Memory {
  void* (*take)(void* context, std::size_t bytes) = nullptr;
  void* context = nullptr;

  template <typename T>
  T* of(std::size_t count) const {
    return static_cast<T*>(take(context, sizeof(T) * count));
  }
};

class SumTable {
 public:
  struct Row {
    std::string_view key;
    TallySum sum;
    std::uint32_t room = 0;
  };

  explicit SumTable(Memory memory) : memory_(memory) {}

  // The row of that key, a new one without counts if there was none; valid until the next call.
  Row& row(std::string_view key);
  // Adds weight * tally, of its indexes below the limit, to that row.
  TallyStatus add(Row& row, std::string_view tally, std::int64_t weight,
                  std::int32_t limit = kTallyIndexes);
  TallyStatus add(std::string_view key, std::string_view tally, std::int64_t weight,
                  std::int32_t limit = kTallyIndexes) {
    return add(row(key), tally, weight, limit);
  }

  std::span<Row> rows() { return {rows_, size_}; }
  std::span<const Row> rows() const { return {rows_, size_}; }
  // By key; the table takes no more after it.
  void sort();

 private:
  void grow();

  Memory memory_;
  Row* rows_ = nullptr;
  std::uint32_t* slots_ = nullptr;  // place of a row plus one, 0 if free
  std::uint32_t size_ = 0;
  std::uint32_t room_ = 0;  // slots are twice as many
};

}  // namespace calytics::core
