#include "core/access/network.hpp"

#include <algorithm>
#include <charconv>

#include "core/text/text.hpp"

namespace calytics::core {

namespace {

bool has_prefix(std::string_view address, std::string_view network, std::size_t bits) noexcept {
  const std::size_t whole = bits / 8;
  const unsigned rest = bits % 8;
  if (address.substr(0, whole) != network.substr(0, whole)) return false;
  if (rest == 0) return true;
  const auto differing = static_cast<unsigned>(static_cast<unsigned char>(address[whole]) ^
                                               static_cast<unsigned char>(network[whole]));
  return differing >> (8 - rest) == 0;
}

}  // namespace

std::optional<NetworkList> NetworkList::parse(std::string_view text) noexcept {
  NetworkList list;
  if (trim_ascii(text).empty()) return list;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find(',', begin), text.size());
    const std::string_view item = trim_ascii(text.substr(begin, end - begin));
    begin = end + 1;

    const std::size_t slash = std::min(item.find('/'), item.size());
    const std::string_view written = item.substr(0, slash);
    // Neither a port nor a zone belongs here.
    if (written.find_first_not_of("0123456789abcdefABCDEF:.") != std::string_view::npos ||
        (written.find('.') != std::string_view::npos && std::ranges::count(written, ':') == 1)) {
      return std::nullopt;
    }
    const auto address = IpAddress::parse(written);
    if (!address || list.size_ == kCapacity) return std::nullopt;
    const unsigned most = address->is_v4() ? 32 : 128;
    unsigned bits = most;
    if (slash < item.size()) {
      const std::string_view digits = item.substr(slash + 1);
      const auto [stop, fault] = std::from_chars(digits.begin(), digits.end(), bits);
      if (fault != std::errc{} || stop != digits.end() || bits > most) return std::nullopt;
    }
    list.networks_[list.size_++] = {*address, static_cast<std::uint8_t>(bits)};
  }
  return list;
}

bool NetworkList::contains(const IpAddress& address) const noexcept {
  return std::any_of(networks_.begin(), networks_.begin() + size_, [&](const Network& network) {
    return network.address.is_v4() == address.is_v4() &&
           has_prefix(address.bytes(), network.address.bytes(), network.bits);
  });
}

IpAddress client_behind(const IpAddress& peer, std::string_view forwarded,
                        const NetworkList& trusted) noexcept {
  IpAddress client = peer;
  while (!forwarded.empty() && trusted.contains(client)) {
    const std::size_t comma = forwarded.rfind(',');
    const bool last = comma == std::string_view::npos;
    const auto before = IpAddress::parse(last ? forwarded : forwarded.substr(comma + 1));
    if (!before) break;
    client = *before;
    forwarded = last ? std::string_view() : forwarded.substr(0, comma);
  }
  return client;
}

}  // namespace calytics::core
