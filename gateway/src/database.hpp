// One connection to PostgreSQL with a function of cal.http's form prepared on it. Every wait has a
// deadline and can be stopped from another thread: libpq is used without blocking, so a server that
// hangs can't hold a lane.
//
// Several calls can go as one statement. They are answered together after its commit; an error of
// one means that none has happened.
// Such statements can be sent before the ones that were sent earlier are committed, in a pipeline:
// the server goes from one to the next without a pause, and their outcomes are received in order.
//
// A call that reports `answered` has been committed. After `lost` or `timed_out` the connection is
// gone and whether the call was committed isn't known.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "call.hpp"
#include "clock.hpp"
#include "message.hpp"
#include "postgres.hpp"
#include "sqlstate.hpp"

namespace calytics::gateway {

struct DatabaseError {
  Fault fault = Fault::lost;
  std::string sqlstate;  // empty when the server had no say
  std::string message;   // the primary message, for the log alone
};

using CallResult = std::variant<Answer, DatabaseError>;
using CallResults = std::variant<std::vector<Answer>, DatabaseError>;  // in the calls' order

class Database {
 public:
  // Statements are cancelled by the server itself after `statement_timeout`; `read_only`: it lets
  // them write nothing.
  Database(Milliseconds statement_timeout, bool read_only, std::stop_token stop,
           std::string function = "cal.http");

  bool connected() const { return connection_ != nullptr; }
  // Connects and prepares; on failure says why and leaves no connection.
  bool connect(const std::string& url, TimePoint deadline, DatabaseError& error);
  CallResult call(const Call& call, TimePoint deadline);
  // After an error there is no connection.
  std::optional<DatabaseError> send_together(std::span<const Call> calls, TimePoint deadline);
  // The outcome of so many that were sent together. `answered` gets the answers a moment before
  // they are committed, which may yet fail, and may keep some of them. If the connection is lost,
  // so is all that was sent.
  CallResults receive_together(std::size_t calls, TimePoint deadline,
                               const std::function<void(std::vector<Answer>&)>& answered);
  void disconnect();

 private:
  bool wait(short events, TimePoint deadline);
  bool flush(TimePoint deadline);
  bool send(const Call& call);
  bool execute(const char* statement, std::span<const std::string_view> parameters);
  DatabaseError lost(TimePoint deadline);
  bool next(ResultPtr& result, TimePoint deadline);
  std::variant<ResultPtr, DatabaseError> finish(TimePoint deadline);
  static DatabaseError broken(std::string message);
  bool set_up(TimePoint deadline, DatabaseError& error);

  Milliseconds statement_timeout_;
  bool read_only_;
  std::stop_token stop_;
  std::string function_;
  ConnectionPtr connection_;
  int under_way_ = 0;  // transactions sent and not received
};

}  // namespace calytics::gateway
