#include "postgres.hpp"

#include <array>
#include <string_view>

#include <poll.h>

namespace calytics::gateway {

std::string first_line(const char* text) {
  const std::string_view message(text == nullptr ? "" : text);
  return std::string(message.substr(0, message.find('\n')));
}

std::string error_message(const ConnectionPtr& connection) {
  return connection ? first_line(PQerrorMessage(connection.get())) : "out of memory";
}

bool connect_to(const std::string& url, const char* application, ConnectionPtr& connection,
                const AwaitSocket& await) {
  // What precedes dbname are defaults that the URL overrides; what follows it can't be overridden.
  constexpr std::array<const char*, 8> names = {
      "application_name", "keepalives_idle", "keepalives_interval", "keepalives_count",
      "tcp_user_timeout", "dbname",          "client_encoding",     nullptr};
  const std::array<const char*, 8> values = {application, "30",        "10",   "3",
                                             "60000",     url.c_str(), "UTF8", nullptr};
  connection.reset(PQconnectStartParams(names.data(), values.data(), 1));
  if (connection == nullptr || PQstatus(connection.get()) == CONNECTION_BAD) return false;
  auto next = PGRES_POLLING_WRITING;
  while (next != PGRES_POLLING_OK) {
    if (next == PGRES_POLLING_FAILED) return false;
    if (!await(next == PGRES_POLLING_READING ? POLLIN : POLLOUT)) return false;
    next = PQconnectPoll(connection.get());
  }
  return true;
}

}  // namespace calytics::gateway
