// Passwords are kept as scrypt's digests (RFC 7914), which cost memory and time to guess.
//
// Guarantees: nothing throws; a digest is compared in constant time; a comparison takes as long
// whether there is anything to compare with or not.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace calytics::core {

using PasswordSalt = std::array<std::uint8_t, 16>;

// "$scrypt$ln=14,r=8,p=1$", the salt and the digest in hexadecimal, "$" between them.
inline constexpr std::string_view kPasswordScheme = "$scrypt$ln=14,r=8,p=1$";
using PasswordHash = std::array<char, kPasswordScheme.size() + 32 + 1 + 64>;

// Absent only if OpenSSL or memory fails.
std::optional<PasswordHash> hash_password(std::string_view password,
                                          const PasswordSalt& salt) noexcept;

// Whatever isn't a hash made by hash_password(), such as "", matches nothing.
bool password_matches(std::string_view password, std::string_view hash) noexcept;

}  // namespace calytics::core
