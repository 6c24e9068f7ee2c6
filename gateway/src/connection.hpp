// A client's connection. The reactor reads, frames and times it. An answer may be delivered by any
// thread and goes to the socket at once, as far as the socket takes it; the reactor is woken only
// if something is left to do (unsent bytes, closing, input that came meanwhile), so that an
// ordinary request changes threads no more than once in each direction.
//
// Phases: reading -> busy (a request is with a lane) -> flushing -> reading, or -> lingering ->
// closed; or -> streaming -> lingering, where an answer is a stream of events. Streaming: what
// comes in is thrown away, what is pushed goes out, and a client that leaves too much of it lying
// is dropped. Lingering: all is sent and our side is shut; input is thrown away until the client
// closes too, for a socket closed with unread input is reset, which may take the answer with it.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>

#include <Poco/Net/StreamSocket.h>

#include "clock.hpp"
#include "diagnostics.hpp"
#include "event_streams.hpp"
#include "exchange.hpp"
#include "mailbox.hpp"
#include "memory_budget.hpp"
#include "request_framer.hpp"

namespace calytics::gateway {

// What all connections of a reactor share.
struct ConnectionContext {
  FramingLimits limits;
  Milliseconds read_timeout{};
  Milliseconds write_timeout{};
  Milliseconds keepalive_timeout{};
  Mailbox mailbox;
  MemoryBudget budget;
  EventStreams& streams;
  Diagnostics& diagnostics;
  std::atomic<bool> draining = false;  // the gateway is shutting down
};

class Connection : public AnswerSink,
                   public EventSink,
                   public std::enable_shared_from_this<Connection> {
 public:
  Connection(const Poco::Net::StreamSocket& socket, ConnectionContext& context);

  // For any thread:
  const std::string& peer() const override { return peer_; }
  bool stays_open() const override { return !context_.draining; }
  void deliver(std::string bytes, bool close) override;
  bool deliver_stream(std::string head, Subscription subscription) override;
  void complete(const Request& request, Answer& answer) override {
    context_.diagnostics.complete(request, answer);
  }
  void count(const AnsweredRequest& request) override {
    context_.diagnostics.requests().count(request);
  }
  void begin(std::string head) override;
  bool push(std::string_view text) override;
  void end() override;

  // For the reactor:
  const Poco::Net::StreamSocket& socket() const { return socket_; }
  // Takes what has come, once; `scratch` is the buffer to read into.
  void receive(std::span<char> scratch);
  // Goes as far as it can without waiting; hands over a complete request to be answered.
  std::unique_ptr<Exchange> advance();
  // Answers and closes without having read a request.
  void refuse(Answer answer);
  // Acts on a deadline that has passed; true if there was one.
  bool expire(TimePoint now);
  // The gateway shuts down: an idle connection gets a last short time.
  void drain();
  // PollSet modes to wait for.
  int interest() const;
  bool closed() const;
  // Gives its descriptor back, whoever else still holds the connection; it is closed from then on.
  void release();

 private:
  enum class Phase : std::uint8_t { reading, busy, flushing, streaming, lingering, closed };

  bool flush();
  void after_flush();
  void flush_stream();
  Phase current_phase() const;
  void close();
  std::unique_ptr<Exchange> read_request();
  std::unique_ptr<Exchange> begin_exchange(Request request);
  void send_continue();

  ConnectionContext& context_;
  Poco::Net::StreamSocket socket_;
  std::string peer_;

  // The reactor's own.
  RequestFramer framer_;
  std::string backlog_;  // received, not yet framed
  MemoryCharge charge_;

  mutable std::mutex mutex_;  // guards what follows, and sending
  Phase phase_ = Phase::reading;
  TimePoint deadline_;
  std::string outbox_;
  MemoryCharge outbox_charge_;  // for what the client leaves waiting
  std::size_t sent_ = 0;
  bool close_after_ = false;
  bool input_waits_ = false;  // the backlog isn't empty
  bool input_ended_ = false;
};

}  // namespace calytics::gateway
