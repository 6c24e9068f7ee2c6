#include "core/access/signature.hpp"

#include <cstddef>
#include <memory>
#include <new>
#include <string>

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include "core/text/text.hpp"

namespace calytics::core {

namespace {

template <auto Free>
struct Deleter {
  template <class T>
  void operator()(T* object) const noexcept {
    Free(object);
  }
};

using Digest = std::unique_ptr<EVP_MD, Deleter<EVP_MD_free>>;
using Mac = std::unique_ptr<EVP_MAC, Deleter<EVP_MAC_free>>;
using MacContext = std::unique_ptr<EVP_MAC_CTX, Deleter<EVP_MAC_CTX_free>>;

const unsigned char* bytes(std::string_view text) noexcept {
  return reinterpret_cast<const unsigned char*>(text.data());
}

// A context set up with `key`. OpenSSL takes a missing key for "as before", so an empty one is
// given by address.
MacContext make_keyed_context(std::string_view key) noexcept {
  const Mac mac(EVP_MAC_fetch(nullptr, "HMAC", nullptr));
  MacContext context(mac ? EVP_MAC_CTX_new(mac.get()) : nullptr);
  if (!context) return nullptr;

  char digest[] = "SHA256";
  const OSSL_PARAM params[] = {
      OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
      OSSL_PARAM_construct_end(),
  };
  const unsigned char* key_bytes = key.empty() ? bytes("") : bytes(key);
  if (EVP_MAC_init(context.get(), key_bytes, key.size(), params) != 1) return nullptr;
  return context;
}

// The contexts of the keys used last. Keys are wiped when they leave.
class KeyedContexts {
 public:
  KeyedContexts() = default;
  KeyedContexts(const KeyedContexts&) = delete;
  KeyedContexts& operator=(const KeyedContexts&) = delete;

  ~KeyedContexts() {
    for (Entry& entry : entries_)
      wipe(entry.key);
  }

  // May throw std::bad_alloc; null if OpenSSL fails.
  const EVP_MAC_CTX* find(std::string_view key) {
    for (const Entry& entry : entries_) {
      if (entry.context && entry.key == key) return entry.context.get();
    }
    MacContext context = make_keyed_context(key);
    if (!context) return nullptr;

    Entry& entry = entries_[next_];
    next_ = (next_ + 1) % entries_.size();
    entry.context.reset();
    wipe(entry.key);
    entry.key.assign(key);
    entry.context = std::move(context);
    return entry.context.get();
  }

 private:
  struct Entry {
    std::string key;
    MacContext context;
  };

  static void wipe(std::string& key) noexcept { OPENSSL_cleanse(key.data(), key.size()); }

  std::array<Entry, 16> entries_;
  std::size_t next_ = 0;
};

std::optional<std::uint8_t> hex_digit(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return std::nullopt;
}

std::optional<Sha256Digest> decode_hex(std::string_view hex) noexcept {
  Sha256Digest digest;
  if (hex.size() != 2 * digest.size()) return std::nullopt;
  for (std::size_t i = 0; i < digest.size(); ++i) {
    const auto high = hex_digit(hex[2 * i]);
    const auto low = hex_digit(hex[2 * i + 1]);
    if (!high || !low) return std::nullopt;
    digest[i] = static_cast<std::uint8_t>(*high << 4 | *low);
  }
  return digest;
}

}  // namespace

std::optional<Sha256Digest> sha256(std::string_view message) noexcept {
  // Fetched once: OpenSSL's own one-shot function looks the algorithm up each time.
  thread_local const Digest algorithm(EVP_MD_fetch(nullptr, "SHA256", nullptr));
  Sha256Digest digest;
  if (!algorithm || EVP_Digest(message.data(), message.size(), digest.data(), nullptr,
                               algorithm.get(), nullptr) != 1) {
    return std::nullopt;
  }
  return digest;
}

std::optional<Sha256Digest> hmac_sha256(std::string_view key, std::string_view message) noexcept {
  thread_local KeyedContexts contexts;
  try {
    const EVP_MAC_CTX* keyed = contexts.find(key);
    const MacContext context(keyed != nullptr ? EVP_MAC_CTX_dup(keyed) : nullptr);
    Sha256Digest digest;
    std::size_t length = 0;
    if (!context || EVP_MAC_update(context.get(), bytes(message), message.size()) != 1 ||
        EVP_MAC_final(context.get(), digest.data(), &length, digest.size()) != 1 ||
        length != digest.size()) {
      return std::nullopt;
    }
    return digest;
  } catch (const std::bad_alloc&) {
    return std::nullopt;
  }
}

bool verify_signature(std::string_view body, std::string_view signature,
                      std::string_view secret) noexcept {
  constexpr std::string_view kPrefix = "sha256=";
  if (equal_ignoring_case(signature.substr(0, kPrefix.size()), kPrefix)) {
    signature.remove_prefix(kPrefix.size());
  }
  const std::optional<Sha256Digest> claimed = decode_hex(signature);
  if (secret.empty() || !claimed) return false;

  const std::optional<Sha256Digest> actual = hmac_sha256(secret, body);
  return actual && CRYPTO_memcmp(actual->data(), claimed->data(), actual->size()) == 0;
}

}  // namespace calytics::core
