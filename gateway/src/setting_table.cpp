#include <functional>
#include <string>

#include <libpq-fe.h>

#include "settings.hpp"

namespace calytics::gateway {
namespace {

using Assign = std::function<void(Settings&, const std::string&)>;

Assign text(std::string Settings::*member) {
  return [=](Settings& settings, const std::string& value) { settings.*member = value; };
}

template <typename Select>
Assign size(Select select, std::size_t least, std::size_t most) {
  return [=](Settings& settings, const std::string& value) {
    const auto bytes = parse_size(value);
    if (bytes < least || bytes > most)
      throw SettingError("must be from " + std::to_string(least) + " to " + std::to_string(most) +
                         " bytes");
    select(settings) = bytes;
  };
}

template <typename Select>
Assign count(Select select, std::uint64_t least, std::uint64_t most) {
  return [=](Settings& settings, const std::string& value) {
    const auto number = parse_count(value);
    if (!number || *number < least || *number > most)
      throw SettingError("must be a whole number from " + std::to_string(least) + " to " +
                         std::to_string(most));
    auto& target = select(settings);
    target = static_cast<std::remove_reference_t<decltype(target)>>(*number);
  };
}

Assign duration(Milliseconds Settings::*member, Milliseconds least,
                Milliseconds unit = std::chrono::seconds{1}) {
  return [=](Settings& settings, const std::string& value) {
    const auto parsed = parse_duration(value, unit);
    if (parsed < least || parsed > std::chrono::hours{24})
      throw SettingError("must be from " + std::to_string(least.count()) + " ms to 24 h");
    settings.*member = parsed;
  };
}

// Where a database is; the empty text is one too: whatever libpq's PG* variables say.
Assign database(std::string Settings::*member) {
  return [=](Settings& settings, const std::string& value) {
    char* fault = nullptr;
    auto* parsed = PQconninfoParse(value.c_str(), &fault);
    PQfreemem(fault);  // not shown: it may quote the password
    if (parsed == nullptr) throw SettingError("is neither a postgresql:// URL nor key=value pairs");
    PQconninfoFree(parsed);
    settings.*member = value;
  };
}

Assign truth(bool Settings::*member) {
  return [=](Settings& settings, const std::string& value) {
    if (value != "true" && value != "false") throw SettingError("must be true or false");
    settings.*member = value == "true";
  };
}

void assign_log_level(Settings& settings, const std::string& value) {
  for (const auto level : {LogLevel::debug, LogLevel::info, LogLevel::warning, LogLevel::error}) {
    if (value != log_level_name(level)) continue;
    settings.log_level = level;
    return;
  }
  throw SettingError("must be debug, info, warning or error");
}

void assign_host(Settings& settings, const std::string& value) {
  if (value.empty()) throw SettingError("must not be empty");
  settings.host = value;
}

std::vector<Setting> make_table() {
  using S = Settings;
  using std::chrono::milliseconds;
  constexpr std::size_t kilo = 1024;
  constexpr std::size_t mega = kilo * kilo;
  return {
      {"database-url",
       {"CALYTICS_GATEWAY_DATABASE_URL", "DATABASE_URL"},
       "URL",
       "",
       "the database, as a postgresql:// URL or key=value pairs; empty: libpq's PG* variables. "
       "It may hold a password, and flags are visible to others: prefer the environment",
       database(&S::database_url)},
      {"read-url",
       {"CALYTICS_READ_URL"},
       "URL",
       "",
       "a replica of the database, for what only reads; while it is away, and for callers that it "
       "doesn't know yet, the database itself is asked. Empty: there is none",
       database(&S::read_url)},
      {"host", {"CALYTICS_HOST"}, "ADDRESS", "127.0.0.1", "address to listen on", assign_host},
      {"port",
       {"CALYTICS_PORT"},
       "PORT",
       "8080",
       "TCP port to listen on; 0 takes a free one and logs it",
       count(
           [](S & s) -> auto& { return s.port; }, 0, 65535)},
      {"ready-file",
       {"CALYTICS_READY_FILE"},
       "PATH",
       "",
       "file to write host:port to once connections are accepted; empty: none",
       text(&S::ready_file)},
      {"write-lanes",
       {"CALYTICS_WRITE_LANES"},
       "COUNT",
       "4",
       "lanes, each with a database connection of its own, for requests that may change something",
       count(
           [](S & s) -> auto& { return s.write_lanes; }, 1, 256)},
      {"path-lanes",
       {"CALYTICS_PATH_LANES"},
       "COUNT",
       "0",
       "write lanes that serve one path at a time; 0: half of them, and no more than half of the "
       "processors",
       count(
           [](S & s) -> auto& { return s.path_lanes; }, 0, 256)},
      {"read-lanes",
       {"CALYTICS_READ_LANES"},
       "COUNT",
       "4",
       "lanes for GET, HEAD and OPTIONS, in read-only transactions",
       count(
           [](S & s) -> auto& { return s.read_lanes; }, 1, 256)},
      {"queue-size",
       {"CALYTICS_QUEUE_SIZE"},
       "COUNT",
       "1024",
       "requests that may wait for a write lane, and as many for a read lane; more are answered "
       "503",
       count(
           [](S & s) -> auto& { return s.queue_size; }, 1, 1'000'000)},
      {"enable-batching",
       {"ANALYTICS_ENABLE_BATCHING"},
       "BOOL",
       "true",
       "whether writes that wait are committed together; false: a transaction for each",
       truth(&S::batching)},
      {"batch-size",
       {"ANALYTICS_BATCH_SIZE"},
       "COUNT",
       "20",
       "writes that are committed together at most, with a mebibyte of bodies at most",
       count(
           [](S & s) -> auto& { return s.batch_size; }, 1, 1000)},
      {"flush-interval",
       {"ANALYTICS_FLUSH_INTERVAL"},
       "DURATION",
       "10000",
       "time that writes of a path wait for those before them to be committed; then one more lane "
       "takes them. A bare number counts milliseconds here",
       duration(&S::flush_interval, milliseconds{100}, milliseconds{1})},
      {"max-connections",
       {"CALYTICS_MAX_CONNECTIONS"},
       "COUNT",
       "4096",
       "client connections at once; more are answered 503",
       count(
           [](S & s) -> auto& { return s.max_connections; }, 1, 1'000'000)},
      {"max-memory",
       {"CALYTICS_MAX_MEMORY"},
       "SIZE",
       "256MiB",
       "bytes that all requests under way and answers not yet taken may hold; beyond it, 503",
       size(
           [](S & s) -> auto& { return s.max_memory; }, mega, kilo* kilo* mega)},
      {"max-streams",
       {"CALYTICS_MAX_STREAMS"},
       "COUNT",
       "256",
       "streams of events at once, of the connections above; more are answered 503",
       count(
           [](S & s) -> auto& { return s.max_streams; }, 0, 1'000'000)},
      {"max-body",
       {"CALYTICS_MAX_BODY"},
       "SIZE",
       "1MiB",
       "bytes in a request's body; larger ones are answered 413",
       size(
           [](S & s) -> auto& { return s.limits.body; }, 0, kilo* mega)},
      {"max-header",
       {"CALYTICS_MAX_HEADER"},
       "SIZE",
       "32KiB",
       "bytes in a request's header fields, 100 at most; larger ones are answered 431",
       size(
           [](S & s) -> auto& { return s.limits.header_bytes; }, 256, 16 * mega)},
      {"max-url",
       {"CALYTICS_MAX_URL"},
       "SIZE",
       "8KiB",
       "bytes in a request's URL; longer ones are answered 414",
       size(
           [](S & s) -> auto& { return s.limits.url; }, 16, 16 * mega)},
      {"read-timeout",
       {"CALYTICS_READ_TIMEOUT"},
       "DURATION",
       "10s",
       "time for a request to come in, from its first byte; then 408",
       duration(&S::read_timeout, milliseconds{10})},
      {"write-timeout",
       {"CALYTICS_WRITE_TIMEOUT"},
       "DURATION",
       "30s",
       "time for a client to take an answer; then its connection is closed",
       duration(&S::write_timeout, milliseconds{10})},
      {"keepalive-timeout",
       {"CALYTICS_KEEPALIVE_TIMEOUT"},
       "DURATION",
       "15s",
       "time that a connection may be idle between requests",
       duration(&S::keepalive_timeout, milliseconds{0})},
      {"stream-heartbeat",
       {"CALYTICS_STREAM_HEARTBEAT"},
       "DURATION",
       "15s",
       "how often a stream of events says that it is alive: more often than a proxy's time-out",
       duration(&S::stream_heartbeat, milliseconds{10})},
      {"db-wait",
       {"CALYTICS_DB_WAIT"},
       "DURATION",
       "10s",
       "time that a request waits for a lost database to come back; then 503",
       duration(&S::db_wait, milliseconds{0})},
      {"db-timeout",
       {"CALYTICS_DB_TIMEOUT"},
       "DURATION",
       "30s",
       "time for the database to answer a request; then the call is cancelled and answered 504",
       duration(&S::db_timeout, milliseconds{10})},
      {"shutdown-timeout",
       {"CALYTICS_SHUTDOWN_TIMEOUT"},
       "DURATION",
       "10s",
       "time to finish accepted requests after SIGTERM or SIGINT",
       duration(&S::shutdown_timeout, milliseconds{0})},
      {"log-level",
       {"CALYTICS_LOG_LEVEL"},
       "LEVEL",
       "info",
       "debug, info, warning or error; info has a line a request",
       assign_log_level},
  };
}

}  // namespace

const std::vector<Setting>& setting_table() {
  static const std::vector<Setting> table = make_table();
  return table;
}

}  // namespace calytics::gateway
