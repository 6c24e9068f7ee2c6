// One bound on what all unanswered requests together may hold: many connections, each within its
// limits, must not add up to more memory than the machine has.
#pragma once

#include <atomic>
#include <cstddef>
#include <utility>

namespace calytics::gateway {

class MemoryBudget {
 public:
  explicit MemoryBudget(std::size_t limit) : limit_(limit) {}
  std::size_t used() const { return used_; }

 private:
  friend class MemoryCharge;
  const std::size_t limit_;
  std::atomic<std::size_t> used_{0};
};

// A holder's share of the budget, given back when it goes.
class MemoryCharge {
 public:
  explicit MemoryCharge(MemoryBudget& budget) : budget_(&budget) {}
  MemoryCharge(MemoryCharge&& other) noexcept
      : budget_(other.budget_), held_(std::exchange(other.held_, 0)) {}
  MemoryCharge& operator=(MemoryCharge&& other) noexcept {
    resize(0);
    budget_ = other.budget_;
    held_ = std::exchange(other.held_, 0);
    return *this;
  }
  MemoryCharge(const MemoryCharge&) = delete;
  MemoryCharge& operator=(const MemoryCharge&) = delete;
  ~MemoryCharge() { resize(0); }

  // Another share of the same budget, of nothing yet.
  MemoryCharge none() const { return MemoryCharge(*budget_); }
  // Changes the share to `bytes`; false, and no change, if growing would exceed the budget.
  bool resize(std::size_t bytes) {
    if (bytes > held_) {
      const auto growth = bytes - held_;
      if (budget_->used_.fetch_add(growth) + growth > budget_->limit_) {
        budget_->used_.fetch_sub(growth);
        return false;
      }
    } else {
      budget_->used_.fetch_sub(held_ - bytes);
    }
    held_ = bytes;
    return true;
  }

 private:
  MemoryBudget* budget_;
  std::size_t held_ = 0;
};

}  // namespace calytics::gateway
