// Structured log: one JSON object a line on stderr. Lines are written whole, by one write(2) that a
// pipe takes as one, so that those of several threads never mix. Callers give names, numbers and
// bounded text; never bodies, queries, header values or parameters.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace calytics::gateway {

enum class LogLevel : std::uint8_t { debug, info, warning, error };

void set_log_level(LogLevel level);
bool logs(LogLevel level);
std::string_view log_level_name(LogLevel level);

// One event, written when it goes out of scope:
//   LogLine(LogLevel::info, "listening").text("host", host).number("port", port);
class LogLine {
 public:
  LogLine(LogLevel level, std::string_view event);
  ~LogLine();
  LogLine(const LogLine&) = delete;
  LogLine& operator=(const LogLine&) = delete;

  // At most 256 bytes of `value` are shown.
  LogLine& text(std::string_view key, std::string_view value);
  LogLine& number(std::string_view key, std::int64_t value);
  LogLine& milliseconds(std::string_view key, double value);

 private:
  void append_key(std::string_view key);

  bool enabled_;
  std::string line_;
};

// The lines of this thread are written together while it lives, and when it ends; one at a time.
class LogBatch {
 public:
  LogBatch();
  ~LogBatch();
  LogBatch(const LogBatch&) = delete;
  LogBatch& operator=(const LogBatch&) = delete;

 private:
  std::string lines_;
};

}  // namespace calytics::gateway
