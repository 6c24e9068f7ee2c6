#include "log.hpp"

#include <array>
#include <atomic>
#include <charconv>
#include <climits>
#include <ctime>

#include <unistd.h>

#include "text.hpp"

namespace calytics::gateway {
namespace {

constexpr std::size_t kTextLimit = 256;

std::atomic<LogLevel>& threshold() {
  static std::atomic<LogLevel> level{LogLevel::info};
  return level;
}

// The second is made anew once a second.
void append_time(std::string& out) {
  constexpr std::size_t fraction = 4;  // ".000"
  thread_local std::time_t second = -1;
  thread_local std::string text;
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  if (now.tv_sec != second) {
    tm parts{};
    gmtime_r(&now.tv_sec, &parts);
    std::array<char, 32> buffer{};
    const auto size = std::strftime(buffer.data(), buffer.size(), "%Y-%m-%dT%H:%M:%S", &parts);
    text.assign(buffer.data(), size);
    second = now.tv_sec;
  }
  auto digits = std::to_string(1000 + now.tv_nsec / 1'000'000);
  out.append(text).append(digits.replace(0, 1, "."), 0, fraction).append("Z");
}

// A log that can't be written has nobody left to tell.
void write_out(std::string_view text) {
  [[maybe_unused]] auto written = ::write(STDERR_FILENO, text.data(), text.size());
}

thread_local std::string* together = nullptr;

}  // namespace

void set_log_level(LogLevel level) {
  threshold() = level;
}

bool logs(LogLevel level) {
  return level >= threshold().load(std::memory_order_relaxed);
}

std::string_view log_level_name(LogLevel level) {
  switch (level) {
    case LogLevel::debug:
      return "debug";
    case LogLevel::info:
      return "info";
    case LogLevel::warning:
      return "warning";
    default:
      return "error";
  }
}

LogLine::LogLine(LogLevel level, std::string_view event) : enabled_(logs(level)) {
  if (!enabled_) return;
  line_.reserve(320);
  line_ += R"({"time":")";
  append_time(line_);
  line_ += '"';
  text("level", log_level_name(level));
  text("event", event);
}

LogLine::~LogLine() {
  if (!enabled_) return;
  line_ += "}\n";
  if (together == nullptr) {
    write_out(line_);
    return;
  }
  if (!together->empty() && together->size() + line_.size() > PIPE_BUF) {
    write_out(*together);
    together->clear();
  }
  *together += line_;
}

LogBatch::LogBatch() {
  lines_.reserve(PIPE_BUF);
  together = &lines_;
}

LogBatch::~LogBatch() {
  together = nullptr;
  if (!lines_.empty()) write_out(lines_);
}

void LogLine::append_key(std::string_view key) {
  line_ += ",\"";
  line_ += key;
  line_ += "\":";
}

LogLine& LogLine::text(std::string_view key, std::string_view value) {
  if (!enabled_) return *this;
  append_key(key);
  const auto shown = value.substr(0, kTextLimit);
  append_json_text(line_, shown);
  return *this;
}

LogLine& LogLine::number(std::string_view key, std::int64_t value) {
  if (!enabled_) return *this;
  append_key(key);
  line_ += std::to_string(value);
  return *this;
}

LogLine& LogLine::milliseconds(std::string_view key, double value) {
  if (!enabled_) return *this;
  append_key(key);
  std::array<char, 32> text{};
  const auto end =
      std::to_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed, 3);
  line_.append(text.data(), end.ptr);
  return *this;
}

}  // namespace calytics::gateway
