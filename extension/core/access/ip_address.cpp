#include "core/access/ip_address.hpp"

#include <algorithm>

#include <arpa/inet.h>

#include "core/text/ascii.hpp"
#include "core/text/text.hpp"

namespace calytics::core {

namespace {

bool is_port(std::string_view text) noexcept {
  return !text.empty() && text.size() <= 5 && std::ranges::all_of(text, is_digit);
}

// The address without brackets, port and zone.
std::string_view bare_address(std::string_view text) noexcept {
  if (text.starts_with('[')) {
    const std::size_t close = text.find(']');
    if (close == std::string_view::npos) return {};
    const std::string_view rest = text.substr(close + 1);
    if (!rest.empty() && !(rest.front() == ':' && is_port(rest.substr(1)))) return {};
    text = text.substr(1, close - 1);
  } else if (std::ranges::count(text, ':') == 1) {
    const std::size_t colon = text.find(':');
    if (!is_port(text.substr(colon + 1))) return {};
    return text.substr(0, colon);
  }
  return text.substr(0, text.find('%'));
}

}  // namespace

std::optional<IpAddress> IpAddress::parse(std::string_view text) noexcept {
  const std::string_view bare = bare_address(trim_ascii(text));
  Text terminated{};
  if (bare.empty() || bare.size() >= terminated.size() ||
      bare.find('\0') != std::string_view::npos) {
    return std::nullopt;
  }
  std::ranges::copy(bare, terminated.begin());

  IpAddress address;
  if (inet_pton(AF_INET, terminated.data(), address.bytes_.data()) == 1) {
    address.v4_ = true;
    return address;
  }
  if (inet_pton(AF_INET6, terminated.data(), address.bytes_.data()) != 1) return std::nullopt;

  constexpr std::array<std::uint8_t, 12> kMapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};
  if (std::equal(kMapped.begin(), kMapped.end(), address.bytes_.begin())) {
    std::copy(address.bytes_.begin() + kMapped.size(), address.bytes_.end(),
              address.bytes_.begin());
    std::fill(address.bytes_.begin() + 4, address.bytes_.end(), std::uint8_t{0});
    address.v4_ = true;
  }
  return address;
}

IpAddress IpAddress::anonymized() const noexcept {
  IpAddress network = *this;
  std::fill(network.bytes_.begin() + (v4_ ? 3 : 6), network.bytes_.end(), std::uint8_t{0});
  return network;
}

std::string_view IpAddress::text(Text& buffer) const noexcept {
  const char* text = inet_ntop(v4_ ? AF_INET : AF_INET6, bytes_.data(), buffer.data(),
                               static_cast<socklen_t>(buffer.size()));
  return text != nullptr ? std::string_view(text) : std::string_view();
}

}  // namespace calytics::core
