// How the archive keeps a webhook's body: packed, where that makes it shorter, with what all of
// Cal.com's webhooks have in common known beforehand. The archive is most of what a webhook costs
// in disk and log, and half a body is the same in all of them.
//
// A packed body is one byte that names its form, and then
//   0: the body itself;
//   1: its size in four bytes, the least first, and an LZ4 block over kBodyDictionary.
//
// Guarantees: unpacking gives the same bytes; nothing here throws or allocates; of what isn't a
// packed body nothing is read or written beyond its end.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace calytics::core {

// Room enough for any body of that size, packed.
constexpr std::size_t packed_bound(std::size_t size) noexcept {
  return size + 1;
}

// Packs a body into `out`, of packed_bound bytes; its size then.
std::size_t pack_body(std::string_view body, char* out) noexcept;

// How many bytes a packed body has when unpacked; none if it isn't one.
std::optional<std::size_t> unpacked_size(std::string_view packed) noexcept;

// Unpacks into `out`, of unpacked_size bytes. False if it isn't a packed body; `out` is anything
// then.
bool unpack_body(std::string_view packed, char* out) noexcept;

}  // namespace calytics::core
