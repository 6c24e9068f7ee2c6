#include "database.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include <poll.h>

#include "answer_decoder.hpp"
#include "call_arrays.hpp"
#include "log.hpp"

namespace calytics::gateway {
namespace {

constexpr const char* kApplication = "calytics-gateway";
constexpr const char* kOne = "cal_call";
constexpr const char* kMany = "cal_calls";
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

// What can't be read has happened all the same, as the others have.
std::vector<Answer> answers_of(const PGresult* result) {
  std::vector<Answer> answers;
  const int count = PQntuples(result);
  answers.reserve(static_cast<std::size_t>(count));
  for (int row = 0; row < count; ++row) {
    auto answer = decode_answer(result, row);
    auto* read = std::get_if<Answer>(&answer);
    answers.push_back(read != nullptr ? std::move(*read) : error_answer(500, "internal error"));
  }
  return answers;
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
  // The function is not in "from", where its row would be stored first and then read.
  const auto select = [this](const char* arguments) {
    return "select (a).status, (a).headers, (a).body from (select " + function_ + arguments +
           " offset 0) s";
  };
  const auto one = select("($1, $2, $3, $4, $5) a");
  const auto many =
      select("(c.a, c.b, c.c, c.d, c.e) a from unnest($1, $2, $3, $4, $5) c (a, b, c, d, e)");
  auto* connection = connection_.get();
  const std::array<std::function<int()>, 3> steps = {
      [&] { return PQsendQuery(connection, settings.c_str()); },
      [&] {
        return PQsendPrepare(connection, kOne, one.c_str(), kCallParameters, kCallTypes.data());
      },
      [&] {
        return PQsendPrepare(connection, kMany, many.c_str(), kCallParameters,
                             kCallArrayTypes.data());
      }};
  for (const auto& step : steps) {
    if (step() != 1) {
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
  const std::array<std::string_view, kCallParameters> parameters = {call.method, call.path,
                                                                    call.query, headers, call.body};
  return execute(kOne, parameters);
}

bool Database::execute(const char* statement, std::span<const std::string_view> parameters) {
  std::array<const char*, kCallParameters> values{};
  std::array<int, kCallParameters> lengths{};
  std::array<int, kCallParameters> formats{};
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    // A null pointer would mean SQL's NULL, which an empty view must not become.
    values.at(i) = parameters[i].empty() ? "" : parameters[i].data();
    lengths.at(i) = static_cast<int>(parameters[i].size());
    formats.at(i) = kBinary;
  }
  return PQsendQueryPrepared(connection_.get(), statement, kCallParameters, values.data(),
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
  auto answer = decode_answer(std::get<ResultPtr>(outcome).get(), 0);
  if (auto* reason = std::get_if<std::string>(&answer))
    return DatabaseError{Fault::permanent, "", std::move(*reason)};
  return std::move(std::get<Answer>(answer));
}

std::optional<DatabaseError> Database::send_together(std::span<const Call> calls,
                                                     TimePoint deadline) {
  auto* connection = connection_.get();
  const auto arrays = arrays_of(calls);
  const std::vector<std::string_view> parameters(arrays.begin(), arrays.end());
  // Flushed, the answers come before the commit.
  const bool sent = connected() && (under_way_ > 0 || PQenterPipelineMode(connection) == 1) &&
                    execute(kMany, parameters) && PQsendFlushRequest(connection) == 1 &&
                    PQpipelineSync(connection) == 1 && flush(deadline);
  if (!sent) {
    auto error = lost(deadline);
    disconnect();
    return error;
  }
  ++under_way_;
  return std::nullopt;
}

CallResults Database::receive_together(std::size_t calls, TimePoint deadline,
                                       const std::function<void(std::vector<Answer>&)>& answered) {
  const auto give_up = [this](DatabaseError error) {
    disconnect();
    return error;
  };
  std::optional<std::vector<Answer>> answers;
  std::optional<DatabaseError> error;
  for (;;) {
    ResultPtr result;
    if (!connected()) return broken("there is no connection");
    if (!next(result, deadline)) return give_up(lost(deadline));
    if (result == nullptr) {
      if (PQstatus(connection_.get()) == CONNECTION_BAD) return give_up(lost(deadline));
      continue;
    }
    if (PQresultStatus(result.get()) == PGRES_PIPELINE_SYNC) break;
    if (is_error(result.get())) {
      error = error_of(result.get());
      if (PQstatus(connection_.get()) == CONNECTION_BAD || error->fault == Fault::lost)
        return give_up(std::move(*error));
      continue;
    }
    answers = answers_of(result.get());
    if (answers->size() != calls) return give_up(broken("answers are missing"));
    answered(*answers);
  }
  if (--under_way_ == 0) {
    ResultPtr end;
    if (!next(end, deadline) || PQexitPipelineMode(connection_.get()) != 1) disconnect();
  }
  if (error) return std::move(*error);
  if (!answers) return give_up(broken("there is no answer"));
  return std::move(*answers);
}

}  // namespace calytics::gateway
