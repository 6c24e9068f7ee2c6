#include "log.hpp"

#include <array>
#include <atomic>
#include <cstdio>
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

void append_time(std::string& out) {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  tm parts{};
  gmtime_r(&now.tv_sec, &parts);
  std::array<char, 32> text{};
  auto size = std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%S", &parts);
  out.append(text.data(), size);
  size = static_cast<std::size_t>(
      std::snprintf(text.data(), text.size(), ".%03ldZ", now.tv_nsec / 1'000'000));
  out.append(text.data(), size);
}

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
  // A log that can't be written has nobody left to tell.
  [[maybe_unused]] auto written = ::write(STDERR_FILENO, line_.data(), line_.size());
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
  append_json_string(line_, as_utf8(shown));
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
  const auto size = std::snprintf(text.data(), text.size(), "%.3f", value);
  line_.append(text.data(), static_cast<std::size_t>(size));
  return *this;
}

}  // namespace calytics::gateway
