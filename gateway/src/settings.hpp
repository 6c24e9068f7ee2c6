// Everything that can be set, in one table: a setting has a flag, an environment variable and a key
// in the configuration file (its flag's name). Flag beats environment beats file beats default.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "clock.hpp"
#include "log.hpp"
#include "request_framer.hpp"

namespace calytics::gateway {

struct Settings {
  std::string database_url;
  std::string read_url;  // empty: database_url
  std::string host;
  std::uint16_t port = 0;
  std::string ready_file;
  std::size_t write_lanes = 0;
  std::size_t path_lanes = 0;
  std::size_t read_lanes = 0;
  std::size_t queue_size = 0;
  bool batching = false;
  std::size_t batch_size = 0;
  Milliseconds flush_interval{};
  std::size_t max_connections = 0;
  std::size_t max_memory = 0;
  std::size_t max_streams = 0;
  FramingLimits limits;
  Milliseconds read_timeout{};
  Milliseconds write_timeout{};
  Milliseconds keepalive_timeout{};
  Milliseconds stream_heartbeat{};
  Milliseconds db_wait{};
  Milliseconds db_timeout{};
  Milliseconds shutdown_timeout{};
  LogLevel log_level = LogLevel::info;
};

// A value that can't be used; the message names the setting and what it accepts, never a secret
// value.
class SettingError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

struct Setting {
  std::string flag;
  std::vector<std::string> environment;  // the first that is set counts
  std::string argument;                  // what the value is, for --help
  std::string default_value;
  std::string help;
  std::function<void(Settings&, const std::string&)> assign;  // throws SettingError
};

const std::vector<Setting>& setting_table();

using Values = std::map<std::string, std::string>;  // flag's name -> text
using Environment = std::function<const char*(const char*)>;

// Throws SettingError for a bad value, and for a key of `file` that is no setting.
Settings load_settings(const Values& flags, const Environment& environment, const Values& file);

// A whole number; none if it is no such thing, or beyond 2^50.
std::optional<std::uint64_t> parse_count(const std::string& text);
// "250ms", "10s", "5min", "1h"; a bare number counts seconds, or milliseconds.
Milliseconds parse_duration(const std::string& text, Milliseconds unit = std::chrono::seconds{1});
// "4096", "32KiB", "1MiB", "1GiB"; a bare number counts bytes.
std::size_t parse_size(const std::string& text);

}  // namespace calytics::gateway
