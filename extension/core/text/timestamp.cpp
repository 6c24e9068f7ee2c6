#include "core/text/timestamp.hpp"

#include <chrono>
#include <cstddef>

#include "core/text/ascii.hpp"

namespace calytics::core {

namespace {

constexpr std::int64_t kMicrosecondsPerSecond = 1'000'000;

constexpr std::int64_t seconds_at(int year, unsigned month, unsigned day) {
  using namespace std::chrono;
  const sys_days days = std::chrono::year{year} / static_cast<int>(month) / static_cast<int>(day);
  return days.time_since_epoch().count() * std::int64_t{86'400};
}

constexpr std::int64_t kFirstSecond = seconds_at(1, 1, 1);
constexpr std::int64_t kEndSecond = seconds_at(10'000, 1, 1);

// Reads from the front of a text, and remembers whether everything asked for was there.
class Cursor {
 public:
  explicit Cursor(std::string_view text) noexcept : rest_(text) {}

  bool failed() const noexcept { return failed_; }
  bool at_end() const noexcept { return rest_.empty(); }
  bool at_digit() const noexcept { return !rest_.empty() && is_digit(rest_.front()); }

  bool accept(std::string_view any_of) noexcept {
    if (rest_.empty() || any_of.find(rest_.front()) == std::string_view::npos) return false;
    rest_.remove_prefix(1);
    return true;
  }

  void expect(std::string_view any_of) noexcept { failed_ |= !accept(any_of); }

  // Exactly `count` digits.
  int number(std::size_t count) noexcept {
    int value = 0;
    for (; count > 0; --count) {
      if (!at_digit()) {
        failed_ = true;
        return 0;
      }
      value = value * 10 + next_digit();
    }
    return value;
  }

  // At least one digit after the decimal point; those beyond the sixth are dropped.
  int microseconds() noexcept {
    failed_ |= !at_digit();
    int value = 0;
    for (int scale = 100'000; at_digit(); scale /= 10)
      value += scale * next_digit();
    return value;
  }

 private:
  int next_digit() noexcept {
    const int digit = rest_.front() - '0';
    rest_.remove_prefix(1);
    return digit;
  }

  std::string_view rest_;
  bool failed_ = false;
};

// Seconds east of UTC: "Z", "+hh", "+hhmm" or "+hh:mm".
int read_offset(Cursor& cursor) noexcept {
  if (cursor.accept("Zz")) return 0;
  const bool west = cursor.accept("-");
  if (!west) cursor.expect("+");
  const int hours = cursor.number(2);
  int minutes = 0;
  if (cursor.accept(":") || cursor.at_digit()) minutes = cursor.number(2);
  if (hours > 23 || minutes > 59) cursor.expect({});
  const int seconds = hours * 3600 + minutes * 60;
  return west ? -seconds : seconds;
}

}  // namespace

std::optional<std::int64_t> parse_timestamp(std::string_view text) noexcept {
  Cursor cursor(text);
  const int year = cursor.number(4);
  cursor.expect("-");
  const int month = cursor.number(2);
  cursor.expect("-");
  const int day = cursor.number(2);
  cursor.expect("Tt ");
  const int hour = cursor.number(2);
  cursor.expect(":");
  const int minute = cursor.number(2);
  const int second = cursor.accept(":") ? cursor.number(2) : 0;
  const int microseconds = cursor.accept(".") ? cursor.microseconds() : 0;
  const int offset = read_offset(cursor);

  const std::chrono::year_month_day date = std::chrono::year{year} / month / day;
  if (cursor.failed() || !cursor.at_end() || year == 0 || !date.ok()) return std::nullopt;
  if (hour > 23 || minute > 59 || second > 60) return std::nullopt;

  const std::int64_t days = std::chrono::sys_days{date}.time_since_epoch().count();
  const std::int64_t seconds = days * 86'400 + hour * 3600 + minute * 60 + second - offset;
  return seconds * kMicrosecondsPerSecond + microseconds;
}

std::optional<std::int64_t> timestamp_from_milliseconds(std::int64_t milliseconds) noexcept {
  if (milliseconds < kFirstSecond * 1000 || milliseconds >= kEndSecond * 1000) return std::nullopt;
  return milliseconds * 1000;
}

}  // namespace calytics::core
