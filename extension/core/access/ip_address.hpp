// IP addresses as clients, proxies and headers write them.
//
// An IPv4 address mapped into IPv6 is the IPv4 address: one client is one client.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace calytics::core {

class IpAddress {
 public:
  // Room for any address's text and a terminating NUL.
  using Text = std::array<char, 46>;

  // An address, alone or with a port ("192.0.2.1:80", "[2001:db8::1]:80") or a zone
  // ("fe80::1%eth0").
  static std::optional<IpAddress> parse(std::string_view text) noexcept;

  // The network that the address is in: the first 24 bits of IPv4, the first 48 of IPv6.
  IpAddress anonymized() const noexcept;

  bool is_v4() const noexcept { return v4_; }

  // 4 or 16 bytes in network order.
  std::string_view bytes() const noexcept {
    return {reinterpret_cast<const char*>(bytes_.data()), v4_ ? std::size_t{4} : bytes_.size()};
  }

  // The canonical text (RFC 5952), written to `buffer`.
  std::string_view text(Text& buffer) const noexcept;

  bool operator==(const IpAddress&) const = default;

 private:
  bool v4_ = false;
  std::array<std::uint8_t, 16> bytes_{};
};

}  // namespace calytics::core
