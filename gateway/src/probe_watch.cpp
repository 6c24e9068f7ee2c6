#include "probe_watch.hpp"

#include <chrono>

namespace calytics::gateway {
namespace {

// Less than what Prometheus and its like wait for, and more than a database that is well ever
// takes.
constexpr std::chrono::seconds kPatience{2};

}  // namespace

void ProbeWatch::add(Exchange& exchange) {
  while (!waiting_.empty() && waiting_.front()->answered())
    waiting_.pop_front();
  waiting_.push_back(exchange.twin());
}

void ProbeWatch::expire(TimePoint now) {
  while (!waiting_.empty()) {
    auto& oldest = *waiting_.front();
    if (!oldest.answered()) {
      if (now < oldest.arrived() + kPatience) return;
      oldest.answer(unavailable_answer("the database does not answer"));
    }
    waiting_.pop_front();
  }
}

}  // namespace calytics::gateway
