#include "reactor.hpp"

#include <utility>

#include <Poco/Exception.h>
#include <Poco/Timespan.h>

#include "log.hpp"

namespace calytics::gateway {
namespace {

constexpr int kListenBacklog = 4096;
constexpr std::size_t kScratch = 64 * 1024;
constexpr Milliseconds kSweepInterval{100};
constexpr Milliseconds kAcceptPause{100};
// Connections beyond the limit that are still told why, before they are just closed.
constexpr std::size_t kRefusalRoom = 256;

}  // namespace

Reactor::Reactor(const Settings& settings, RequestQueues& queues, EventStreams& streams,
                 Diagnostics& diagnostics)
    : settings_(settings),
      queues_(queues),
      context_{.limits = settings.limits,
               .read_timeout = settings.read_timeout,
               .write_timeout = settings.write_timeout,
               .keepalive_timeout = settings.keepalive_timeout,
               .mailbox = {},
               .budget = MemoryBudget(settings.max_memory),
               .streams = streams,
               .diagnostics = diagnostics},
      scratch_(kScratch),
      next_sweep_(Clock::now() + kSweepInterval) {
  listener_.bind(Poco::Net::SocketAddress(settings.host, settings.port), true, false);
  listener_.listen(kListenBacklog);
  listener_.setBlocking(false);
  poll_set_.add(context_.mailbox.wake_socket(), Poco::Net::PollSet::POLL_READ);
  listen(true);
}

void Reactor::listen(bool on) {
  if (listening_ == on) return;
  listening_ = on;
  if (on) {
    poll_set_.add(listener_, Poco::Net::PollSet::POLL_READ);
  } else {
    poll_set_.remove(listener_);
  }
}

void Reactor::drain(TimePoint deadline) {
  drain_deadline_ = deadline;
  drain_requested_ = true;
  context_.mailbox.wake();
}

void Reactor::run() {
  while (!(context_.draining && connections_.empty()) && Clock::now() < drain_deadline_.load())
    poll();
}

void Reactor::poll() {
  const auto pause = until(next_sweep_, kSweepInterval);
  const auto ready = poll_set_.poll(Poco::Timespan(std::chrono::microseconds(pause).count()));
  for (const auto& [socket, mode] : ready) {
    if (socket == context_.mailbox.wake_socket()) {
      for (const auto& connection : context_.mailbox.collect())
        attend(connection);
    } else if (socket == listener_) {
      accept();
    } else if (const auto found = connections_.find(socket.impl()); found != connections_.end()) {
      const auto connection = found->second.connection;
      if ((mode & Poco::Net::PollSet::POLL_WRITE) == 0) connection->receive(scratch_);
      attend(connection);
    }
  }
  if (drain_requested_ && !context_.draining) begin_drain();
  if (const auto now = Clock::now(); now >= next_sweep_) sweep(now);
}

// One at a time: the poll reports the next one at once, and Poco tells "none" by an exception.
void Reactor::accept() {
  try {
    admit(listener_.acceptConnection());
  } catch (const Poco::Exception& error) {
    // Most likely out of file descriptors; the poll would report the same client over and over.
    LogLine(LogLevel::error, "accept_failed").text("reason", error.displayText());
    listen(false);
    resume_accept_ = Clock::now() + kAcceptPause;
  }
}

ConnectionSnapshot Reactor::snapshot() const {
  return {open_, accepted_total_, refused_total_, context_.budget.used(), settings_.max_memory};
}

void Reactor::admit(const Poco::Net::StreamSocket& socket) {
  ++accepted_total_;
  if (refused_ >= kRefusalRoom) {
    ++refused_total_;
    return;
  }
  std::shared_ptr<Connection> connection;
  try {
    connection = std::make_shared<Connection>(socket, context_);
  } catch (const Poco::Exception&) {
    return;  // gone before it was greeted
  }
  const bool refused = connections_.size() - refused_ >= settings_.max_connections;
  connections_.emplace(socket.impl(), Entry{connection, refused, 0});
  open_ = connections_.size();
  if (refused) {
    ++refused_;
    ++refused_total_;
  }
  if (refused) connection->refuse(unavailable_answer("too many connections"));
  attend(connection);
}

// Lets the connection do what it can, and polls for what it waits for then.
void Reactor::attend(const std::shared_ptr<Connection>& connection) {
  while (auto exchange = connection->advance()) {
    if (auto answer = context_.diagnostics.answer_alone(exchange->request())) {
      exchange->answer(std::move(*answer));
      continue;
    }
    if (Diagnostics::is_probe(exchange->request())) probes_.add(*exchange);
    if (!queues_.try_push(exchange)) {
      exchange->answer(unavailable_answer("too many requests waiting"));
    }
  }
  const auto found = connections_.find(connection->socket().impl());
  if (found != connections_.end() && found->second.connection == connection) update(found->second);
}

void Reactor::update(Entry& entry) {
  const auto connection = entry.connection;
  const int wanted = connection->interest();
  if (wanted != entry.polled) {
    if (entry.polled == 0) {
      poll_set_.add(connection->socket(), wanted);
    } else if (wanted == 0) {
      // Not merely an empty mode: epoll would go on reporting a hang-up.
      poll_set_.remove(connection->socket());
    } else {
      poll_set_.update(connection->socket(), wanted);
    }
    entry.polled = wanted;
  }
  if (!connection->closed()) return;
  if (entry.refused) --refused_;
  connections_.erase(connection->socket().impl());
  // A lane may have its request for a long time yet.
  connection->release();
  open_ = connections_.size();
}

void Reactor::sweep(TimePoint now) {
  next_sweep_ = now + kSweepInterval;
  if (now >= resume_accept_ && !context_.draining) {
    resume_accept_ = kNever;
    listen(true);
  }
  probes_.expire(now);
  std::vector<std::shared_ptr<Connection>> expired;
  for (const auto& [key, entry] : connections_)
    if (entry.connection->expire(now)) expired.push_back(entry.connection);
  for (const auto& connection : expired)
    attend(connection);
}

void Reactor::begin_drain() {
  listen(false);
  resume_accept_ = kNever;
  try {
    // Whoever the kernel has accepted for us is one we have accepted.
    for (;;)
      admit(listener_.acceptConnection());
  } catch (const Poco::Exception&) {
    listener_.close();
  }
  context_.draining = true;
  for (const auto& [key, entry] : connections_)
    entry.connection->drain();
}

}  // namespace calytics::gateway
