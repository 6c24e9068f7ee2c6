// What is kept of a client: the network, a pseudonym, the kind of its machine.
#include <string>

#include <gtest/gtest.h>

#include "core/access/ip_address.hpp"
#include "core/access/signature.hpp"
#include "core/privacy/keyed_hash.hpp"
#include "core/tracking/user_agent.hpp"

namespace calytics::core {
namespace {

std::string canonical(std::string_view text) {
  const auto address = IpAddress::parse(text);
  IpAddress::Text buffer;
  return address ? std::string(address->text(buffer)) : "none";
}

std::string network(std::string_view text) {
  const auto address = IpAddress::parse(text);
  IpAddress::Text buffer;
  return address ? std::string(address->anonymized().text(buffer)) : "none";
}

TEST(TrackClient, IpAddresses) {
  EXPECT_EQ(canonical("192.0.2.77"), "192.0.2.77");
  EXPECT_EQ(canonical(" 192.0.2.77:8080 "), "192.0.2.77");
  EXPECT_EQ(canonical("2001:DB8:0:0:0:0:0:1"), "2001:db8::1");
  EXPECT_EQ(canonical("[2001:db8::1]:443"), "2001:db8::1");
  EXPECT_EQ(canonical("[2001:db8::1]"), "2001:db8::1");
  EXPECT_EQ(canonical("fe80::1%eth0"), "fe80::1");
  EXPECT_EQ(canonical("::ffff:192.0.2.77"), "192.0.2.77");
  EXPECT_EQ(canonical("::FFFF:C000:024D"), "192.0.2.77");
  for (const std::string_view text :
       {"", " ", "1.2.3", "1.2.3.4.5", "256.1.1.1", "1.2.3.4, 5.6.7.8", "::1::", "[::1", "[::1]x",
        "localhost", "1.2.3.4:", "1.2.3.4:x", "01.2.3.4"}) {
    EXPECT_EQ(canonical(text), "none") << text;
  }
  EXPECT_EQ(canonical(std::string_view("1.2.3.4\0x", 9)), "none");
  EXPECT_EQ(canonical(std::string(1000, '1')), "none");
}

TEST(TrackClient, Networks) {
  EXPECT_EQ(network("192.0.2.77"), "192.0.2.0");
  EXPECT_EQ(network("255.255.255.255"), "255.255.255.0");
  EXPECT_EQ(network("::ffff:192.0.2.77"), "192.0.2.0");
  EXPECT_EQ(network("2001:db8:abcd:1234:5678:9abc:def0:1234"), "2001:db8:abcd::");
  EXPECT_EQ(network("::1"), "::");
}

TEST(TrackClient, VisitorsAreKeyedHashesOfTheWholeAddress) {
  const auto visitor = [](std::string_view salt, std::string_view ip, std::string_view agent) {
    return visitor_pseudonym(salt, *IpAddress::parse(ip), agent);
  };
  const auto one = visitor("salt", "192.0.2.77", "UA");
  ASSERT_TRUE(one);
  const auto mac = hmac_sha256("salt", std::string_view("\4\xC0\0\2\x4DUA", 7));
  EXPECT_TRUE(std::equal(one->begin(), one->end(), mac->begin()));
  EXPECT_EQ(one, visitor("salt", "::ffff:192.0.2.77", "UA"));
  EXPECT_NE(one, visitor("salt", "192.0.2.78", "UA"));
  EXPECT_NE(one, visitor("salt", "192.0.2.77", "UB"));
  EXPECT_NE(one, visitor("other", "192.0.2.77", "UA"));
  EXPECT_EQ(visitor("", "192.0.2.77", "UA"), std::nullopt);
  EXPECT_EQ(to_hex(Pseudonym{0x01, 0xAB}), "01ab0000000000000000000000000000");
}

TEST(TrackClient, Bots) {
  for (const std::string_view text :
       {"", " ", "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
        "Mozilla/5.0 (compatible; Yahoo! Slurp)", "curl/8.5.0", "Wget/1.21", "python-requests/2.31",
        "facebookexternalhit/1.1", "Mozilla/5.0 (X11) HeadlessChrome/120.0", "Baiduspider/2.0",
        "Mozilla/5.0 (X11) Chrome/120 Safari/537.36 Chrome-Lighthouse", "WhatsApp/2.23.20",
        "Mozilla/5.0 BingPreview/1.0b", "Go-http-client/1.1", "TelegramBot (like TwitterBot)",
        "Mozilla/5.0 (Linux; Android 9; CUBOT) Googlebot/2.1"}) {
    EXPECT_EQ(classify_user_agent(text), (UserAgent{true, Device::unknown, Browser::other}))
        << text;
  }
}

TEST(TrackClient, DevicesAndBrowsers) {
  const auto is = [](std::string_view text, Device device, Browser browser) {
    EXPECT_EQ(classify_user_agent(text), (UserAgent{false, device, browser})) << text;
  };
  is("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
     "Chrome/120.0.0.0 Safari/537.36",
     Device::desktop, Browser::chrome);
  is("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
     "Chrome/120.0.0.0 Safari/537.36 Edg/120.0.0.0",
     Device::desktop, Browser::edge);
  is("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) "
     "Version/17.2 Safari/605.1.15",
     Device::desktop, Browser::safari);
  is("Mozilla/5.0 (X11; Linux x86_64; rv:121.0) Gecko/20100101 Firefox/121.0", Device::desktop,
     Browser::firefox);
  is("Mozilla/5.0 (iPhone; CPU iPhone OS 17_2 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like "
     "Gecko) Version/17.2 Mobile/15E148 Safari/604.1",
     Device::mobile, Browser::safari);
  is("Mozilla/5.0 (iPhone; CPU iPhone OS 17_2 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like "
     "Gecko) CriOS/120.0 Mobile/15E148 Safari/604.1",
     Device::mobile, Browser::chrome);
  is("Mozilla/5.0 (iPad; CPU OS 16_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
     "Version/16.6 Mobile/15E148 Safari/604.1",
     Device::tablet, Browser::safari);
  is("Mozilla/5.0 (Linux; Android 13; SM-S901B) AppleWebKit/537.36 (KHTML, like Gecko) "
     "SamsungBrowser/23.0 Chrome/115.0.0.0 Mobile Safari/537.36",
     Device::mobile, Browser::samsung);
  is("Mozilla/5.0 (Linux; Android 12; SM-X906C) AppleWebKit/537.36 (KHTML, like Gecko) "
     "Chrome/120.0.0.0 Safari/537.36",
     Device::tablet, Browser::chrome);
  is("Mozilla/5.0 (Linux; Android 9; CUBOT X19) AppleWebKit/537.36 (KHTML, like Gecko) "
     "Chrome/120.0.0.0 Mobile Safari/537.36",
     Device::mobile, Browser::chrome);
  is("Mozilla/5.0 (Windows NT 10.0; Trident/7.0; rv:11.0) like Gecko", Device::desktop,
     Browser::internet_explorer);
  is("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/119.0 Safari/537.36 OPR/105.0",
     Device::desktop, Browser::opera);
  is("StudioApp/3.1", Device::unknown, Browser::other);
}

}  // namespace
}  // namespace calytics::core
