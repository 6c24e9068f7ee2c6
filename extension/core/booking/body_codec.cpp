#include "core/booking/body_codec.hpp"

#include <cstdint>
#include <cstring>

#include <lz4.h>

#include "core/booking/body_dictionary.hpp"

namespace calytics::core {

namespace {

constexpr char kPlain = 0;
constexpr char kWithDictionary = 1;
constexpr std::size_t kHead = 5;  // of the form with a dictionary
// No block is longer than this many times its size: what claims to be isn't one.
constexpr std::size_t kMostTimes = 256;

constexpr int size_of(std::string_view bytes) noexcept {
  return static_cast<int>(bytes.size());
}

// A stream that has read the dictionary, which costs more than to copy it.
LZ4_stream_t primed_stream() noexcept {
  LZ4_stream_t stream;
  LZ4_initStream(&stream, sizeof(stream));
  LZ4_loadDict(&stream, kBodyDictionary.data(), size_of(kBodyDictionary));
  return stream;
}

void put_size(std::size_t size, char* out) noexcept {
  for (unsigned shift = 0; shift < 32; shift += 8)
    *out++ = static_cast<char>(size >> shift & 0xff);
}

std::size_t read_size(std::string_view head) noexcept {
  std::size_t size = 0;
  for (std::size_t i = 0; i < 4; ++i)
    size |= static_cast<std::size_t>(static_cast<std::uint8_t>(head[i + 1])) << 8 * i;
  return size;
}

}  // namespace

std::size_t pack_body(std::string_view body, char* out) noexcept {
  static const LZ4_stream_t primed = primed_stream();
  if (body.size() > kHead && body.size() <= LZ4_MAX_INPUT_SIZE) {
    LZ4_stream_t stream = primed;
    const int room = size_of(body) - static_cast<int>(kHead);
    const int size =
        LZ4_compress_fast_continue(&stream, body.data(), out + kHead, size_of(body), room, 1);
    if (size > 0) {
      out[0] = kWithDictionary;
      put_size(body.size(), out + 1);
      return kHead + static_cast<std::size_t>(size);
    }
  }
  out[0] = kPlain;
  if (!body.empty()) std::memcpy(out + 1, body.data(), body.size());
  return 1 + body.size();
}

std::optional<std::size_t> unpacked_size(std::string_view packed) noexcept {
  if (packed.empty()) return std::nullopt;
  if (packed.front() == kPlain) return packed.size() - 1;
  if (packed.front() != kWithDictionary || packed.size() <= kHead) return std::nullopt;
  const std::size_t size = read_size(packed);
  if (size > LZ4_MAX_INPUT_SIZE || size / kMostTimes > packed.size()) return std::nullopt;
  return size;
}

bool unpack_body(std::string_view packed, char* out) noexcept {
  const std::optional<std::size_t> size = unpacked_size(packed);
  if (!size) return false;
  if (packed.front() == kPlain) {
    if (*size > 0) std::memcpy(out, packed.data() + 1, *size);
    return true;
  }
  packed.remove_prefix(kHead);
  return LZ4_decompress_safe_usingDict(packed.data(), out, size_of(packed), static_cast<int>(*size),
                                       kBodyDictionary.data(),
                                       size_of(kBodyDictionary)) == static_cast<int>(*size);
}

}  // namespace calytics::core
