// Where requests wait: what may change something for the write lanes, what only reads for the read
// lanes, so that neither holds up the other.
#pragma once

#include <cstddef>
#include <memory>

#include "exchange.hpp"
#include "message.hpp"
#include "request_queue.hpp"

namespace calytics::gateway {

struct RequestQueues {
  RequestQueue writes;
  RequestQueue reads;

  // Each queue has room for so many.
  RequestQueues(std::size_t capacity, RequestQueue::Order of_writes)
      : writes(capacity, of_writes), reads(capacity, {}) {}

  // Takes the exchange if there is room; otherwise leaves it to the caller.
  bool try_push(std::unique_ptr<Exchange>& exchange) {
    return (is_safe(exchange->request()) ? reads : writes).try_push(exchange);
  }
};

}  // namespace calytics::gateway
