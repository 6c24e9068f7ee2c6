#include "core/access/password.hpp"

#include <algorithm>
#include <span>

#include <openssl/crypto.h>
#include <openssl/evp.h>

namespace calytics::core {

namespace {

using Digest = std::array<std::uint8_t, 32>;

constexpr std::uint64_t kBlocks = 1U << 14U;
constexpr std::uint64_t kBlockSize = 8;
constexpr std::uint64_t kLanes = 1;
constexpr std::uint64_t kMemory = std::uint64_t{32} * 1024 * 1024;
constexpr std::string_view kDigits = "0123456789abcdef";

bool digest_of(std::string_view password, const PasswordSalt& salt, Digest& digest) noexcept {
  return EVP_PBE_scrypt(password.data(), password.size(), salt.data(), salt.size(), kBlocks,
                        kBlockSize, kLanes, kMemory, digest.data(), digest.size()) == 1;
}

char* write_hex(std::span<const std::uint8_t> bytes, char* out) noexcept {
  for (const std::uint8_t byte : bytes) {
    *out++ = kDigits[byte >> 4U];
    *out++ = kDigits[byte & 15U];
  }
  return out;
}

bool read_hex(std::string_view text, std::span<std::uint8_t> bytes) noexcept {
  if (text.size() != 2 * bytes.size()) return false;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const std::size_t high = kDigits.find(text[2 * i]);
    const std::size_t low = kDigits.find(text[2 * i + 1]);
    if (high == std::string_view::npos || low == std::string_view::npos) return false;
    bytes[i] = static_cast<std::uint8_t>(high << 4U | low);
  }
  return true;
}

}  // namespace

std::optional<PasswordHash> hash_password(std::string_view password,
                                          const PasswordSalt& salt) noexcept {
  Digest digest{};
  if (!digest_of(password, salt, digest)) return std::nullopt;
  PasswordHash hash{};
  char* out = std::ranges::copy(kPasswordScheme, hash.begin()).out;
  out = write_hex(salt, out);
  *out++ = '$';
  write_hex(digest, out);
  return hash;
}

bool password_matches(std::string_view password, std::string_view hash) noexcept {
  PasswordSalt salt{};
  Digest kept{};
  Digest digest{};
  const std::size_t salt_at = kPasswordScheme.size();
  const std::size_t digest_at = salt_at + 2 * salt.size() + 1;
  const bool readable = hash.size() == std::tuple_size_v<PasswordHash> &&
                        hash.starts_with(kPasswordScheme) && hash[digest_at - 1] == '$' &&
                        read_hex(hash.substr(salt_at, 2 * salt.size()), salt) &&
                        read_hex(hash.substr(digest_at), kept);
  if (!digest_of(password, salt, digest)) return false;
  return CRYPTO_memcmp(digest.data(), kept.data(), kept.size()) == 0 && readable;
}

}  // namespace calytics::core
