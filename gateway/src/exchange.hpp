// One request and the duty to answer it. Whatever happens to it on its way, it is answered exactly
// once: an exchange that goes away unanswered answers 503. The answer is logged here, and only
// here.
//
// Its id is the client's X-Request-Id if that is of a sane form, so that a proxy's log and ours
// agree, or else 128 random bits. Whoever sends one chooses what their own requests are called; it
// says nothing of who they are.
#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "answer_writer.hpp"
#include "clock.hpp"
#include "directives.hpp"
#include "event_streams.hpp"
#include "memory_budget.hpp"
#include "message.hpp"
#include "request_counts.hpp"

namespace calytics::gateway {

// Where an answer goes: the client's connection.
class AnswerSink {
 public:
  AnswerSink() = default;
  AnswerSink(const AnswerSink&) = delete;
  AnswerSink& operator=(const AnswerSink&) = delete;
  virtual ~AnswerSink() = default;
  virtual const std::string& peer() const = 0;
  // False when the connection ends after the present answer in any case.
  virtual bool stays_open() const = 0;
  // Takes the bytes of an answer; may be called by any thread, and doesn't wait.
  virtual void deliver(std::string bytes, bool close) = 0;
  // Takes the head of an answer that goes on as a stream of events; false if there is no room.
  virtual bool deliver_stream(std::string head, Subscription subscription) = 0;
  // The gateway as a whole has its say in the answer, and then counts it.
  virtual void complete(const Request& /*request*/, Answer& /*answer*/) {}
  virtual void count(const AnsweredRequest& /*request*/) {}
};

class Exchange {
 public:
  Exchange(Request request, std::shared_ptr<AnswerSink> sink, MemoryCharge charge);
  ~Exchange();
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;

  const Request& request() const { return request_; }
  const std::string& id() const { return id_; }
  TimePoint arrived() const { return arrived_; }
  // The header fields as cal.http gets them: a JSON object, with x-calytics-peer and x-request-id;
  // at_once: with x-calytics-at-once, too.
  std::string headers_json(bool at_once = false) const;

  void answer(Answer answer);
  // Another one of the same request, but for its body, for whoever answers in case that this one
  // isn't answered in time. The first answer counts, and of the other there is no trace. Each may
  // be with a thread of its own.
  std::unique_ptr<Exchange> twin();
  bool answered() const { return answered_ || (taken_ != nullptr && *taken_); }

 private:
  bool claim();
  std::string_view header(std::string_view name) const;
  bool begin_stream(const Answer& answer, Directives& directives);
  void deliver(Answer answer, std::string_view request_class);
  AnswerFraming framing(bool keep_alive, bool stream) const;
  double seconds() const;  // since it arrived
  void count(int status, std::size_t size, std::string_view request_class) const;
  void log(int status, std::size_t size) const;

  Request request_;
  std::shared_ptr<AnswerSink> sink_;
  MemoryCharge charge_;
  std::string id_;
  TimePoint arrived_ = Clock::now();
  bool answered_ = false;
  std::shared_ptr<std::atomic<bool>>
      taken_;  // whether it or its twin is answered; null: it has none
};

}  // namespace calytics::gateway
