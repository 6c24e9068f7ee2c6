#include "database.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include <poll.h>

#include "answer_decoder.hpp"
#include "log.hpp"

namespace calytics::gateway {
namespace {

constexpr const char* kApplication = "calytics-gateway";
constexpr const char* kStatement = "cal_call";
constexpr Oid kText = 25;
constexpr Oid kJsonb = 3802;
constexpr Oid kBytea = 17;
constexpr std::array<Oid, 5> kTypes = {kText, kText, kText, kJsonb, kBytea};
constexpr int kBinary = 1;
// How often a wait looks whether it has been told to stop.
constexpr Milliseconds kStopInterval{100};

std::string field_of(const PGresult* result, int field) {
  const char* text = PQresultErrorField(result, field);
  return text == nullptr ? std::string() : std::string(text);
}

DatabaseError error_of(const PGresult* result) {
  auto sqlstate = field_of(result, PG_DIAG_SQLSTATE);
  auto message = field_of(result, PG_DIAG_MESSAGE_PRIMARY);
  if (message.empty()) message = first_line(PQresultErrorMessage(result));
  const auto fault = classify(sqlstate);
  return {fault, std::move(sqlstate), std::move(message)};
}

// What the server says beside its answers; libpq would print it.
void on_notice(void* /*unused*/, const PGresult* notice) {
  LogLine(LogLevel::debug, "database_notice")
      .text("sqlstate", field_of(notice, PG_DIAG_SQLSTATE))
      .text("message", field_of(notice, PG_DIAG_MESSAGE_PRIMARY));
}

bool is_error(const PGresult* result) {
  const auto status = PQresultStatus(result);
  return status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK;
}

}  // namespace

Database::Database(Milliseconds statement_timeout, bool read_only, std::stop_token stop,
                   std::string function)
    : statement_timeout_(statement_timeout),
      read_only_(read_only),
      stop_(std::move(stop)),
      function_(std::move(function)) {}

void Database::disconnect() {
  connection_.reset();
  under_way_ = 0;
}

DatabaseError Database::broken(std::string message) {
  return {Fault::lost, "", std::move(message)};
}

// True when the socket is ready, false when the deadline has passed or the owner wants to stop.
bool Database::wait(short events, TimePoint deadline) {
  pollfd socket{PQsocket(connection_.get()), events, 0};
  while (!stop_.stop_requested()) {
    const auto slice = until(deadline, kStopInterval);
    if (::poll(&socket, 1, static_cast<int>(slice.count())) > 0) return true;
    if (slice.count() == 0) return false;
  }
  return false;
}

bool Database::connect(const std::string& url, TimePoint deadline, DatabaseError& error) {
  if (!connect_to(url, kApplication, connection_,
                  [&](short events) { return wait(events, deadline); })) {
    auto message = error_message(connection_);
    error = broken(message.empty() ? "timed out" : std::move(message));
  } else if (set_up(deadline, error)) {
    return true;
  }
  disconnect();
  return false;
}

bool Database::set_up(TimePoint deadline, DatabaseError& error) {
  if (PQsetnonblocking(connection_.get(), 1) != 0) {
    error = broken(error_message(connection_));
    return false;
  }
  PQsetNoticeReceiver(connection_.get(), on_notice, nullptr);
  auto settings = "set statement_timeout = " + std::to_string(statement_timeout_.count());
  if (read_only_) settings += "; set default_transaction_read_only = on";
  // Not in "from", where its one row would be stored first and then read.
  const auto call = "select (a).status, (a).headers, (a).body from (select " + function_ +
                    "($1, $2, $3, $4, $5) a offset 0) s";
  for (const bool prepare : {false, true}) {
    const auto sent = prepare ? PQsendPrepare(connection_.get(), kStatement, call.c_str(),
                                              kTypes.size(), kTypes.data())
                              : PQsendQuery(connection_.get(), settings.c_str());
    if (sent != 1) {
      error = broken(error_message(connection_));
      return false;
    }
    auto outcome = finish(deadline);
    if (auto* failure = std::get_if<DatabaseError>(&outcome)) {
      error = std::move(*failure);
      return false;
    }
  }
  return true;
}

bool Database::flush(TimePoint deadline) {
  for (;;) {
    const int left = PQflush(connection_.get());
    if (left == 0) return true;
    // While the server sends it may not be reading: take what it has, or both wait for ever.
    if (left < 0 || !wait(POLLIN | POLLOUT, deadline) || PQconsumeInput(connection_.get()) == 0)
      return false;
  }
}

DatabaseError Database::lost(TimePoint deadline) {
  if (Clock::now() >= deadline) return {Fault::cancelled, "", "no answer in time"};
  return broken(error_message(connection_));
}

// The next result, null at the end of a command; false if the connection is lost.
bool Database::next(ResultPtr& result, TimePoint deadline) {
  while (PQisBusy(connection_.get()) == 1)
    if (!wait(POLLIN, deadline) || PQconsumeInput(connection_.get()) == 0) return false;
  result.reset(PQgetResult(connection_.get()));
  return true;
}

// Reads to the end of the command, and so past the commit: an error that comes after the row, as a
// deferred constraint's does, is the outcome.
std::variant<ResultPtr, DatabaseError> Database::finish(TimePoint deadline) {
  if (!flush(deadline)) return lost(deadline);
  ResultPtr last;
  for (;;) {
    ResultPtr result;
    if (!next(result, deadline)) return lost(deadline);
    if (result == nullptr) break;
    if (last == nullptr || !is_error(last.get())) last = std::move(result);
    const auto status = PQresultStatus(last.get());
    if (status == PGRES_COPY_IN || status == PGRES_COPY_OUT || status == PGRES_COPY_BOTH)
      return broken("unexpected COPY");
  }
  if (last == nullptr) return broken("no result");
  if (is_error(last.get())) {
    auto error = error_of(last.get());
    if (PQstatus(connection_.get()) == CONNECTION_BAD) error.fault = Fault::lost;
    return error;
  }
  return last;
}

bool Database::send(const Call& call) {
  std::string headers(1, kJsonbVersion);
  headers += call.headers_json;
  const std::array<std::string_view, 5> parameters = {call.method, call.path, call.query, headers,
                                                      call.body};
  std::array<const char*, 5> values{};
  std::array<int, 5> lengths{};
  std::array<int, 5> formats{};
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    // A null pointer would mean SQL's NULL, which an empty view must not become.
    values.at(i) = parameters.at(i).empty() ? "" : parameters.at(i).data();
    lengths.at(i) = static_cast<int>(parameters.at(i).size());
    formats.at(i) = kBinary;
  }
  return PQsendQueryPrepared(connection_.get(), kStatement, values.size(), values.data(),
                             lengths.data(), formats.data(), kBinary) == 1;
}

CallResult Database::call(const Call& call, TimePoint deadline) {
  if (!send(call)) {
    auto error = broken(error_message(connection_));
    disconnect();
    return error;
  }
  auto outcome = finish(deadline);
  if (auto* error = std::get_if<DatabaseError>(&outcome)) {
    const bool server_said_so = !error->sqlstate.empty() && error->fault != Fault::lost;
    if (!server_said_so) disconnect();
    return std::move(*error);
  }
  auto answer = decode_answer(std::get<ResultPtr>(outcome).get());
  if (auto* reason = std::get_if<std::string>(&answer))
    return DatabaseError{Fault::permanent, "", std::move(*reason)};
  return std::move(std::get<Answer>(answer));
}

std::optional<DatabaseError> Database::send_together(std::span<const Call> calls,
                                                     TimePoint deadline) {
  auto* connection = connection_.get();
  bool sent = connected() && (under_way_ > 0 || PQenterPipelineMode(connection) == 1);
  for (std::size_t i = 0; sent && i < calls.size(); ++i)
    sent = send(calls[i]);
  if (!sent || PQsendFlushRequest(connection) != 1 || PQpipelineSync(connection) != 1 ||
      !flush(deadline)) {
    auto error = lost(deadline);
    disconnect();
    return error;
  }
  ++under_way_;
  return std::nullopt;
}

CallResults Database::receive_together(std::size_t calls, TimePoint deadline,
                                       const std::function<void(std::vector<Answer>&)>& answered) {
  std::vector<Answer> answers;
  answers.reserve(calls);
  std::size_t arrived = 0;
  const auto give_up = [this](DatabaseError error) {
    disconnect();
    return error;
  };
  std::optional<DatabaseError> error;  // the first one; those after it only say that it happened
  for (;;) {
    ResultPtr result;
    if (!connected()) return broken("there is no connection");
    if (!next(result, deadline)) return give_up(lost(deadline));
    if (result == nullptr) {
      if (PQstatus(connection_.get()) == CONNECTION_BAD) return give_up(lost(deadline));
      continue;
    }
    const auto status = PQresultStatus(result.get());
    if (status == PGRES_PIPELINE_SYNC) break;
    if (error || status == PGRES_PIPELINE_ABORTED) continue;
    if (is_error(result.get())) {
      error = error_of(result.get());
      if (PQstatus(connection_.get()) == CONNECTION_BAD || error->fault == Fault::lost)
        return give_up(std::move(*error));
      continue;
    }
    auto answer = decode_answer(result.get());
    // It has happened all the same, as the others have.
    answers.push_back(std::holds_alternative<Answer>(answer) ? std::move(std::get<Answer>(answer))
                                                             : error_answer(500, "internal error"));
    if (++arrived == calls) answered(answers);
  }
  if (--under_way_ == 0) {
    ResultPtr end;
    if (!next(end, deadline) || PQexitPipelineMode(connection_.get()) != 1) disconnect();
  }
  if (error) return std::move(*error);
  if (arrived != calls) return give_up(broken("answers are missing"));
  return answers;
}

}  // namespace calytics::gateway
