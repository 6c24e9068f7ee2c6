// Pseudonyms: the first 16 bytes of an HMAC-SHA256 under a key that the caller keeps, or destroys.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/access/ip_address.hpp"

namespace calytics::core {

using Pseudonym = std::array<std::uint8_t, 16>;

// Absent if the key is empty, for then anybody could compute it, or if OpenSSL or memory fails.
std::optional<Pseudonym> pseudonym(std::string_view key, std::string_view identity) noexcept;

// A visitor is known by the whole address and the user agent: HMAC(salt, length of the address in
// one byte, its bytes, user agent). May throw std::bad_alloc.
std::optional<Pseudonym> visitor_pseudonym(std::string_view salt, const IpAddress& address,
                                           std::string_view user_agent);

// 32 lower-case hexadecimal digits. May throw std::bad_alloc.
std::string to_hex(const Pseudonym& pseudonym);

}  // namespace calytics::core
