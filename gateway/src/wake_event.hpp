// Wakes a thread that waits in poll(2), from any other thread; waking it twice is waking it once.
#pragma once

#include <cerrno>
#include <cstdint>
#include <system_error>

#include <sys/eventfd.h>
#include <unistd.h>

namespace calytics::gateway {

class WakeEvent {
 public:
  WakeEvent() : descriptor_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
    if (descriptor_ < 0) throw std::system_error(errno, std::generic_category(), "eventfd");
  }
  WakeEvent(const WakeEvent&) = delete;
  WakeEvent& operator=(const WakeEvent&) = delete;
  ~WakeEvent() { ::close(descriptor_); }

  // Readable from set() until clear().
  int descriptor() const { return descriptor_; }

  void set() const {
    // Fails only where it has been set more often than can be counted.
    [[maybe_unused]] const auto done = ::eventfd_write(descriptor_, 1);
  }
  void clear() const {
    eventfd_t count = 0;
    // Fails where it isn't set.
    [[maybe_unused]] const auto done = ::eventfd_read(descriptor_, &count);
  }

 private:
  const int descriptor_;
};

}  // namespace calytics::gateway
