#include "core/privacy/keyed_hash.hpp"

#include <algorithm>

#include "core/access/signature.hpp"

namespace calytics::core {

std::optional<Pseudonym> pseudonym(std::string_view key, std::string_view identity) noexcept {
  if (key.empty()) return std::nullopt;
  const std::optional<Sha256Digest> digest = hmac_sha256(key, identity);
  if (!digest) return std::nullopt;
  Pseudonym result;
  std::copy_n(digest->begin(), result.size(), result.begin());
  return result;
}

std::optional<Pseudonym> visitor_pseudonym(std::string_view salt, const IpAddress& address,
                                           std::string_view user_agent) {
  std::string identity;
  identity.reserve(1 + address.bytes().size() + user_agent.size());
  identity += static_cast<char>(address.bytes().size());
  identity += address.bytes();
  identity += user_agent;
  return pseudonym(salt, identity);
}

std::string to_hex(const Pseudonym& pseudonym) {
  constexpr std::string_view kHexDigits = "0123456789abcdef";
  std::string hex;
  hex.reserve(2 * pseudonym.size());
  for (const std::uint8_t byte : pseudonym) {
    hex += kHexDigits[byte >> 4];
    hex += kHexDigits[byte & 0xF];
  }
  return hex;
}

}  // namespace calytics::core
