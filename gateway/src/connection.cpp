#include "connection.hpp"

#include <algorithm>
#include <cerrno>
#include <string_view>
#include <utility>

#include <Poco/Exception.h>
#include <Poco/Net/PollSet.h>
#include <sys/socket.h>

#include "log.hpp"

namespace calytics::gateway {
namespace {

constexpr Milliseconds kLinger{2000};
constexpr Milliseconds kDrainGrace{250};
constexpr std::size_t kBacklogLimit = 64 * 1024;
constexpr std::size_t kKeptCapacity = 4096;
// What the reader of a stream may leave lying, here and in the socket's buffer.
constexpr std::size_t kStreamBacklog = 256 * 1024;
constexpr int kStreamSendBuffer = 64 * 1024;

}  // namespace

Connection::Connection(const Poco::Net::StreamSocket& socket, ConnectionContext& context)
    : context_(context),
      socket_(socket),
      peer_(socket_.peerAddress().host().toString()),
      framer_(context.limits),
      charge_(context.budget),
      deadline_(Clock::now() + context.read_timeout),
      outbox_charge_(context.budget) {
  socket_.setBlocking(false);
  socket_.setNoDelay(true);
}

Connection::Phase Connection::current_phase() const {
  const std::lock_guard lock(mutex_);
  return phase_;
}

bool Connection::closed() const {
  return current_phase() == Phase::closed;
}

void Connection::close() {
  const std::lock_guard lock(mutex_);
  phase_ = Phase::closed;
}

void Connection::release() {
  const std::lock_guard lock(mutex_);
  phase_ = Phase::closed;
  socket_.close();
}

int Connection::interest() const {
  const std::lock_guard lock(mutex_);
  switch (phase_) {
    case Phase::reading:
    case Phase::lingering:
      return Poco::Net::PollSet::POLL_READ;
    case Phase::busy:
      return input_ended_ || backlog_.size() >= kBacklogLimit ? 0 : Poco::Net::PollSet::POLL_READ;
    case Phase::flushing:
      return Poco::Net::PollSet::POLL_WRITE;
    case Phase::streaming:
      return Poco::Net::PollSet::POLL_READ | (outbox_.empty() ? 0 : Poco::Net::PollSet::POLL_WRITE);
    default:
      return 0;
  }
}

void Connection::receive(std::span<char> scratch) {
  int count = 0;
  try {
    count = socket_.receiveBytes(scratch.data(), static_cast<int>(scratch.size()));
  } catch (const Poco::Exception&) {
    return close();  // reset by the client, who thus wants no answer
  }
  if (count < 0) return;
  const std::lock_guard lock(mutex_);
  if (count == 0) {
    input_ended_ = true;
  } else if (phase_ != Phase::lingering && phase_ != Phase::streaming) {
    backlog_.append(scratch.data(), static_cast<std::size_t>(count));
    input_waits_ = true;
  }
}

std::unique_ptr<Exchange> Connection::advance() {
  switch (current_phase()) {
    case Phase::reading:
      return read_request();
    case Phase::flushing: {
      const std::lock_guard lock(mutex_);
      if (flush()) after_flush();
      if (phase_ != Phase::reading) return nullptr;
      break;
    }
    case Phase::streaming: {
      const std::lock_guard lock(mutex_);
      if (!outbox_.empty()) flush_stream();
      if (input_ended_) phase_ = Phase::closed;
      return nullptr;
    }
    case Phase::lingering: {
      const std::lock_guard lock(mutex_);
      if (input_ended_) phase_ = Phase::closed;
      return nullptr;
    }
    default:
      return nullptr;
  }
  return read_request();
}

std::unique_ptr<Exchange> Connection::read_request() {
  const bool fresh = !framer_.started();
  const auto taken = framer_.feed(backlog_);
  backlog_.erase(0, taken);
  if (backlog_.empty() && backlog_.capacity() > kKeptCapacity) std::string().swap(backlog_);
  {
    const std::lock_guard lock(mutex_);
    input_waits_ = !backlog_.empty();
    if (framer_.complete() || framer_.failed()) {
      phase_ = Phase::busy;
      deadline_ = kNever;
    } else if (input_ended_) {
      phase_ = Phase::closed;
      return nullptr;
    } else if (fresh && framer_.started()) {
      deadline_ = Clock::now() + context_.read_timeout;
    }
  }
  if (framer_.complete()) return begin_exchange(framer_.take());
  if (framer_.failed()) {
    const auto error = framer_.error();
    refuse(error_answer(error.status, error.reason));
  } else if (!charge_.resize(framer_.buffered())) {
    refuse(unavailable_answer("out of memory for requests"));
  } else if (framer_.awaits_continue()) {
    send_continue();
  }
  return nullptr;
}

std::unique_ptr<Exchange> Connection::begin_exchange(Request request) {
  if (!charge_.resize(request.bytes)) {
    request.keep_alive = false;
    Exchange(std::move(request), shared_from_this(), MemoryCharge(context_.budget))
        .answer(unavailable_answer("out of memory for requests"));
    return nullptr;
  }
  return std::make_unique<Exchange>(std::move(request), shared_from_this(),
                                    std::exchange(charge_, MemoryCharge(context_.budget)));
}

void Connection::refuse(Answer answer) {
  auto request = framer_.take();
  request.keep_alive = false;
  Exchange(std::move(request), shared_from_this(),
           std::exchange(charge_, MemoryCharge(context_.budget)))
      .answer(std::move(answer));
}

void Connection::send_continue() {
  constexpr std::string_view go_on = "HTTP/1.1 100 Continue\r\n\r\n";
  framer_.continued();
  try {
    // Nothing else is on its way to this client: there is room for it, or the client is gone.
    if (socket_.sendBytes(go_on.data(), go_on.size(), MSG_NOSIGNAL) != go_on.size()) close();
  } catch (const Poco::Exception&) {
    close();
  }
}

void Connection::deliver(std::string bytes, bool close) {
  {
    const std::lock_guard lock(mutex_);
    if (phase_ == Phase::closed) return;
    phase_ = Phase::flushing;
    outbox_ = std::move(bytes);
    sent_ = 0;
    close_after_ = close;
    deadline_ = Clock::now() + context_.write_timeout;
    if (flush()) {
      after_flush();
    } else if (!outbox_charge_.resize(outbox_.size() - sent_)) {
      LogLine(LogLevel::error, "answer_dropped").text("reason", "out of memory for answers");
      phase_ = Phase::closed;
    }
    if (phase_ == Phase::reading && !input_waits_ && !input_ended_) return;
  }
  context_.mailbox.post(shared_from_this());
}

bool Connection::deliver_stream(std::string head, Subscription subscription) {
  if (context_.draining) return false;
  return context_.streams.admit(shared_from_this(), std::move(head), std::move(subscription));
}

void Connection::begin(std::string head) {
  {
    const std::lock_guard lock(mutex_);
    if (phase_ == Phase::closed) return;
    phase_ = Phase::streaming;
    deadline_ = kNever;
    try {
      socket_.setSendBufferSize(kStreamSendBuffer);
    } catch (const Poco::Exception&) {
      // Then its size is what the kernel thinks right.
    }
  }
  push(head);
  if (context_.draining) end();  // by a drain() that may have come before
}

bool Connection::push(std::string_view text) {
  {
    const std::lock_guard lock(mutex_);
    if (phase_ != Phase::streaming || close_after_) return false;
    if (outbox_.empty()) deadline_ = Clock::now() + context_.write_timeout;
    outbox_ += text;
    flush_stream();
    if (outbox_.size() > kStreamBacklog || !outbox_charge_.resize(outbox_.size()))
      phase_ = Phase::closed;
    if (phase_ == Phase::streaming && outbox_.empty()) return true;
  }
  context_.mailbox.post(shared_from_this());
  return current_phase() == Phase::streaming;
}

void Connection::end() {
  {
    const std::lock_guard lock(mutex_);
    if (phase_ != Phase::streaming) return;
    close_after_ = true;
    if (outbox_.empty()) after_flush();
  }
  context_.mailbox.post(shared_from_this());
}

// Called with the mutex held. The deadline is that of what has been waiting longest.
void Connection::flush_stream() {
  const bool done = flush();
  outbox_.erase(0, std::exchange(sent_, 0));
  outbox_charge_.resize(outbox_.size());
  if (!done) return;
  deadline_ = kNever;
  if (close_after_) after_flush();
}

// True when all is sent. Called with the mutex held. Not by Poco's sendBytes(), which takes a full
// socket buffer for an error.
bool Connection::flush() {
  while (sent_ < outbox_.size()) {
    const auto count = ::send(socket_.impl()->sockfd(), outbox_.data() + sent_,
                              outbox_.size() - sent_, MSG_NOSIGNAL);
    if (count < 0) {
      if (errno == EINTR) continue;
      if (errno != EAGAIN && errno != EWOULDBLOCK) phase_ = Phase::closed;
      return false;
    }
    sent_ += static_cast<std::size_t>(count);
  }
  return true;
}

// Called with the mutex held.
void Connection::after_flush() {
  std::string().swap(outbox_);
  sent_ = 0;
  outbox_charge_.resize(0);
  if (!close_after_) {
    phase_ = Phase::reading;
    deadline_ = Clock::now() + (context_.draining ? kDrainGrace : context_.keepalive_timeout);
    return;
  }
  phase_ = Phase::lingering;
  deadline_ = Clock::now() + kLinger;
  try {
    socket_.shutdownSend();
  } catch (const Poco::Exception&) {
    phase_ = Phase::closed;
  }
}

bool Connection::expire(TimePoint now) {
  {
    const std::lock_guard lock(mutex_);
    if (now < deadline_) return false;
    if (phase_ != Phase::reading || !framer_.started()) {
      phase_ = Phase::closed;
      return true;
    }
  }
  refuse(error_answer(408, "request not received in time"));
  return true;
}

void Connection::drain() {
  const std::lock_guard lock(mutex_);
  if (phase_ == Phase::reading && !framer_.started())
    deadline_ = std::min(deadline_, Clock::now() + kDrainGrace);
  if (phase_ != Phase::streaming) return;
  close_after_ = true;
  if (outbox_.empty()) after_flush();
}

}  // namespace calytics::gateway
