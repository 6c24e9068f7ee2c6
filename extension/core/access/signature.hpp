// Keyed and plain SHA-256 by OpenSSL, and the check of a webhook's signature.
//
// Guarantees: nothing throws; a digest is compared in constant time; whatever is not exactly a
// valid signature is false, never an error. Keyed contexts are kept per thread, for a secret is
// used for thousands of messages and setting the key up costs more than hashing a short one.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace calytics::core {

using Sha256Digest = std::array<std::uint8_t, 32>;

// Absent only if OpenSSL or memory fails.
std::optional<Sha256Digest> sha256(std::string_view message) noexcept;
std::optional<Sha256Digest> hmac_sha256(std::string_view key, std::string_view message) noexcept;

// `signature` is 64 hex digits of either case, with or without the prefix "sha256=".
// An empty secret verifies nothing.
bool verify_signature(std::string_view body, std::string_view signature,
                      std::string_view secret) noexcept;

}  // namespace calytics::core
