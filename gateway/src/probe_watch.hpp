// Those who ask how the gateway fares must be told while the database hangs, too: a probe that
// waits is no probe. A request for /ready or /metrics is put before the database like any other,
// and remembered here; where no answer has come in time, the gateway answers for itself.
//
// The reactor's own: one thread.
#pragma once

#include <deque>
#include <memory>

#include "clock.hpp"
#include "exchange.hpp"

namespace calytics::gateway {

class ProbeWatch {
 public:
  // Remembers a request that is about to be handed over.
  void add(Exchange& exchange);
  // Answers those whose time is up.
  void expire(TimePoint now);

 private:
  std::deque<std::unique_ptr<Exchange>> waiting_;  // in the order in which they arrived
};

}  // namespace calytics::gateway
