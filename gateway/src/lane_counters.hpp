// What the lanes of a kind are doing and have done: counted as it happens, read whenever somebody
// asks (metrics, tests). Each number is right by itself; two of them may be a moment apart.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace calytics::gateway {

// Upper bounds of the classes in which batches are counted by size; beyond them is one class more.
inline constexpr std::array<std::size_t, 9> kBatchBounds = {1, 2, 5, 10, 20, 50, 100, 200, 500};

struct LaneSnapshot {
  std::size_t lanes = 0;
  std::size_t connected = 0;    // have a database connection
  std::size_t on_fallback = 0;  // of those, to the primary, for want of the replica
  std::size_t busy = 0;         // have requests in hand
  std::uint64_t calls = 0;      // answered by the database
  std::uint64_t batches = 0;    // transactions that these were, one call's among them
  std::array<std::uint64_t, kBatchBounds.size() + 1> batch_sizes{};
  std::uint64_t undone = 0;     // batches that raised, whose calls were then made one by one
  std::uint64_t held_up = 0;    // calls of batches asked again, for another transaction's sake
  std::uint64_t retried = 0;    // calls made again after a deadlock or the like
  std::uint64_t lost = 0;       // connections lost with calls under way
  std::uint64_t timed_out = 0;  // calls that took too long: 504
  std::uint64_t failed = 0;     // calls that raised: 500
  std::uint64_t given_up = 0;   // requests that the database was away or too busy for: 503
  std::uint64_t passed_on = 0;  // reads left to a write lane, because they wrote or weren't known
};

struct LaneCounters {
  std::atomic<std::size_t> lanes = 0;
  std::atomic<std::size_t> connected = 0;
  std::atomic<std::size_t> on_fallback = 0;
  std::atomic<std::size_t> busy = 0;
  std::atomic<std::uint64_t> calls = 0;
  std::atomic<std::uint64_t> batches = 0;
  std::array<std::atomic<std::uint64_t>, kBatchBounds.size() + 1> batch_sizes{};
  std::atomic<std::uint64_t> undone = 0;
  std::atomic<std::uint64_t> held_up = 0;
  std::atomic<std::uint64_t> retried = 0;
  std::atomic<std::uint64_t> lost = 0;
  std::atomic<std::uint64_t> timed_out = 0;
  std::atomic<std::uint64_t> failed = 0;
  std::atomic<std::uint64_t> given_up = 0;
  std::atomic<std::uint64_t> passed_on = 0;

  // A transaction of so many calls was committed.
  void committed(std::size_t size) {
    std::size_t at = 0;
    while (at < kBatchBounds.size() && size > kBatchBounds.at(at))
      ++at;
    ++batch_sizes.at(at);
    ++batches;
    calls += size;
  }

  LaneSnapshot snapshot() const {
    LaneSnapshot now{.lanes = lanes,
                     .connected = connected,
                     .on_fallback = on_fallback,
                     .busy = busy,
                     .calls = calls,
                     .batches = batches,
                     .undone = undone,
                     .held_up = held_up,
                     .retried = retried,
                     .lost = lost,
                     .timed_out = timed_out,
                     .failed = failed,
                     .given_up = given_up,
                     .passed_on = passed_on};
    for (std::size_t i = 0; i < now.batch_sizes.size(); ++i)
      now.batch_sizes.at(i) = batch_sizes.at(i);
    return now;
  }
};

}  // namespace calytics::gateway
