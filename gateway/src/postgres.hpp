// What all connections to PostgreSQL have in common: how they begin, and how libpq words a failure.
// Connecting never blocks; how to wait is the owner's affair, who may have to be stopped or woken.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include <libpq-fe.h>

namespace calytics::gateway {

struct CloseConnection {
  void operator()(PGconn* connection) const { PQfinish(connection); }
};
using ConnectionPtr = std::unique_ptr<PGconn, CloseConnection>;

struct ClearResult {
  void operator()(PGresult* result) const { PQclear(result); }
};
using ResultPtr = std::unique_ptr<PGresult, ClearResult>;

// Waits until the connection's socket is ready for the events of poll(2); false: give up.
using AwaitSocket = std::function<bool(short events)>;

// Connects, with `connection` set from the first wait on; on failure it may be left, to be asked
// why.
bool connect_to(const std::string& url, const char* application, ConnectionPtr& connection,
                const AwaitSocket& await);
// Why the last thing failed, in one line; empty if libpq doesn't know.
std::string error_message(const ConnectionPtr& connection);
std::string first_line(const char* text);

}  // namespace calytics::gateway
