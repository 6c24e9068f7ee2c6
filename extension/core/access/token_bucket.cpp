#include "core/access/token_bucket.hpp"

#include <algorithm>
#include <charconv>

#include "core/text/text.hpp"

namespace calytics::core {

namespace {

constexpr std::int64_t kSecond = 1'000'000;
constexpr std::int64_t kMost = 1'000'000;

// Takes a whole number from 1 to kMost off the front of `text`.
std::optional<std::int64_t> take_count(std::string_view& text) noexcept {
  std::int64_t count = 0;
  const auto [stop, fault] = std::from_chars(text.begin(), text.end(), count);
  if (fault != std::errc{} || count < 1 || count > kMost) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(stop - text.begin()));
  return count;
}

std::optional<std::int64_t> length_of(std::string_view unit) noexcept {
  if (unit == "s") return kSecond;
  if (unit == "min") return 60 * kSecond;
  if (unit == "h") return 3600 * kSecond;
  return std::nullopt;
}

}  // namespace

std::optional<RateLimit> RateLimit::parse(std::string_view text) noexcept {
  text = trim_ascii(text);
  if (text == "off") return RateLimit{};
  const auto count = take_count(text);
  if (!count || !text.starts_with('/')) return std::nullopt;
  text.remove_prefix(1);
  const std::size_t unit_end = std::min(text.find(' '), text.size());
  const auto unit = length_of(text.substr(0, unit_end));
  if (!unit) return std::nullopt;
  RateLimit limit{.interval = *unit / *count, .burst = *count};

  text = trim_ascii(text.substr(unit_end));
  if (text.empty()) return limit;
  constexpr std::string_view kWord = "burst ";
  if (!text.starts_with(kWord)) return std::nullopt;
  text = trim_ascii(text.substr(kWord.size()));
  const auto burst = take_count(text);
  if (!burst || !text.empty()) return std::nullopt;
  limit.burst = *burst;
  return limit;
}

std::int64_t TokenBucket::take(const RateLimit& limit, std::int64_t now) noexcept {
  if (limit.interval == 0) return 0;
  const std::int64_t empty = now + limit.window();
  // Beyond empty was by a clock that has been set back since, or under a larger limit.
  full_at_ = std::clamp(full_at_, now, empty);
  if (full_at_ + limit.interval > empty) return full_at_ + limit.interval - empty;
  full_at_ += limit.interval;
  return 0;
}

}  // namespace calytics::core
