#include "core/access/network.hpp"

#include <random>
#include <string>

#include <gtest/gtest.h>

namespace calytics::core {
namespace {

IpAddress address(std::string_view text) {
  const auto parsed = IpAddress::parse(text);
  EXPECT_TRUE(parsed) << text;
  return parsed.value_or(IpAddress());
}

bool holds(std::string_view networks, std::string_view text) {
  const auto list = NetworkList::parse(networks);
  EXPECT_TRUE(list) << networks;
  return list && list->contains(address(text));
}

std::string client(std::string_view peer, std::string_view forwarded, std::string_view trusted) {
  IpAddress::Text buffer{};
  const auto list = NetworkList::parse(trusted);
  return std::string(
      client_behind(address(peer), forwarded, list.value_or(NetworkList())).text(buffer));
}

TEST(Networks, HoldWhatTheirBitsSay) {
  EXPECT_TRUE(holds("10.0.0.0/8", "10.255.255.255"));
  EXPECT_FALSE(holds("10.0.0.0/8", "11.0.0.0"));
  EXPECT_TRUE(holds("192.0.2.128/25", "192.0.2.255"));
  EXPECT_FALSE(holds("192.0.2.128/25", "192.0.2.127"));
  EXPECT_TRUE(holds("192.0.2.1", "192.0.2.1"));
  EXPECT_FALSE(holds("192.0.2.1", "192.0.2.2"));
  EXPECT_TRUE(holds("2001:db8::/33", "2001:db8:7fff::1"));
  EXPECT_FALSE(holds("2001:db8::/33", "2001:db8:8000::1"));
  EXPECT_TRUE(holds("0.0.0.0/0", "203.0.113.9"));
  EXPECT_FALSE(holds("0.0.0.0/0", "::1")) << "no address is in a network of the other kind";
  EXPECT_TRUE(holds("::1, 127.0.0.0/8", "::ffff:127.0.0.1")) << "one client is one client";
  EXPECT_FALSE(holds("", "127.0.0.1"));
}

TEST(Networks, AgreeWithArithmetic) {
  const auto seed = std::random_device{}();
  SCOPED_TRACE(seed);
  std::mt19937 random(seed);
  const auto written = [](std::uint32_t bits) {
    return std::to_string(bits >> 24U) + '.' + std::to_string(bits >> 16U & 255U) + '.' +
           std::to_string(bits >> 8U & 255U) + '.' + std::to_string(bits & 255U);
  };
  for (int round = 0; round < 2000; ++round) {
    const auto network = static_cast<std::uint32_t>(random());
    const unsigned bits = random() % 33;
    const std::uint32_t other = network ^ (1U << random() % 32);
    const std::uint32_t mask = bits == 0 ? 0 : ~std::uint32_t{0} << (32 - bits);
    EXPECT_EQ(holds(written(network) + '/' + std::to_string(bits), written(other)),
              (network & mask) == (other & mask));
  }
}

TEST(Networks, AreRefusedUnlessAllAreNetworks) {
  for (const auto* text : {"10.0.0.0/33", "::/129", "10.0.0.0/", "10.0.0.0/-1", "10.0.0.0/8x",
                           "host", "10.0.0", "10.0.0.0/8,", ",", "10.0.0.1:80", "[::1]",
                           "fe80::1%lo", "10.0.0.0 /8", "10.0.0.0/8 10.0.0.0/8", "/8"}) {
    EXPECT_FALSE(NetworkList::parse(text)) << text;
  }
  std::string many = "::1";
  for (std::size_t i = 1; i < NetworkList::kCapacity; ++i)
    many += ",::1";
  EXPECT_TRUE(NetworkList::parse(many));
  EXPECT_FALSE(NetworkList::parse(many + ",::1"));
}

TEST(Client, IsThePeerUnlessAProxyVouches) {
  constexpr auto proxies = "10.0.0.0/8, ::1";
  EXPECT_EQ(client("203.0.113.1", "192.0.2.1", proxies), "203.0.113.1");
  EXPECT_EQ(client("203.0.113.1", "192.0.2.1", ""), "203.0.113.1");
  EXPECT_EQ(client("10.0.0.1", "", proxies), "10.0.0.1");
  EXPECT_EQ(client("10.0.0.1", "192.0.2.1", proxies), "192.0.2.1");
  EXPECT_EQ(client("::1", "2001:db8::7", proxies), "2001:db8::7");
}

TEST(Client, IsTheLastAddressThatNoProxyHas) {
  constexpr auto proxies = "10.0.0.0/8";
  EXPECT_EQ(client("10.0.0.1", "198.51.100.9, 192.0.2.1", proxies), "192.0.2.1")
      << "what the client itself wrote stands before what the proxy added";
  EXPECT_EQ(client("10.0.0.1", "198.51.100.9, 192.0.2.1, 10.0.0.2", proxies), "192.0.2.1");
  EXPECT_EQ(client("10.0.0.1", "10.0.0.3,10.0.0.2", proxies), "10.0.0.3");
  EXPECT_EQ(client("10.0.0.1", "192.0.2.1, unknown", proxies), "10.0.0.1");
  EXPECT_EQ(client("10.0.0.1", "192.0.2.1, ", proxies), "10.0.0.1");
  EXPECT_EQ(client("10.0.0.1", "[2001:db8::7]:4711", proxies), "2001:db8::7");
}

}  // namespace
}  // namespace calytics::core
