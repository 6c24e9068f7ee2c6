// Lists of networks, and the client behind proxies that are trusted.
//
// X-Forwarded-For is anyone's to write. It is read from its end, and only as far as each address
// that vouches for the one before it is in a trusted network: the first that isn't is the client.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "core/access/ip_address.hpp"

namespace calytics::core {

// Holds no memory of its own and may be copied as bytes.
class NetworkList {
 public:
  static constexpr std::size_t kCapacity = 64;

  // Networks and addresses between commas: "10.0.0.0/8, 2001:db8::/32, 192.0.2.1". Absent if one of
  // them is neither, or if they are too many.
  static std::optional<NetworkList> parse(std::string_view text) noexcept;

  bool contains(const IpAddress& address) const noexcept;

 private:
  struct Network {
    IpAddress address;
    std::uint8_t bits = 0;
  };

  std::array<Network, kCapacity> networks_{};
  std::size_t size_ = 0;
};

// The client of a connection from `peer` whose request says `forwarded` (X-Forwarded-For; empty if
// it doesn't).
IpAddress client_behind(const IpAddress& peer, std::string_view forwarded,
                        const NetworkList& trusted) noexcept;

}  // namespace calytics::core
