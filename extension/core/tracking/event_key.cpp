#include "core/tracking/event_key.hpp"

#include <algorithm>

#include "core/access/signature.hpp"

namespace calytics::core {

namespace {

constexpr std::size_t kUuidLength = 36;

constexpr bool is_hyphen_at(std::size_t i) noexcept {
  return i == 8 || i == 13 || i == 18 || i == 23;
}

// 16 or more for what is no digit in small letters.
constexpr unsigned digit_of(char c) noexcept {
  if (c >= '0' && c <= '9') return static_cast<unsigned>(c - '0');
  if (c >= 'a' && c <= 'f') return static_cast<unsigned>(c - 'a') + 10;
  return 16;
}

std::optional<EventKey> uuid_of(std::string_view id) noexcept {
  if (id.size() != kUuidLength) return std::nullopt;
  EventKey key = {};
  std::size_t digits = 0;
  for (std::size_t i = 0; i < kUuidLength; ++i) {
    if (is_hyphen_at(i)) {
      if (id[i] != '-') return std::nullopt;
      continue;
    }
    const unsigned digit = digit_of(id[i]);
    if (digit >= 16) return std::nullopt;
    std::uint8_t& byte = key[digits++ / 2];
    byte = static_cast<std::uint8_t>(byte << 4 | digit);
  }
  return key;
}

}  // namespace

std::optional<EventKey> event_key(std::string_view id) noexcept {
  if (const std::optional<EventKey> uuid = uuid_of(id)) return uuid;
  const std::optional<Sha256Digest> digest = sha256(id);
  if (!digest) return std::nullopt;
  EventKey key;
  std::copy_n(digest->begin(), key.size(), key.begin());
  return key;
}

}  // namespace calytics::core
