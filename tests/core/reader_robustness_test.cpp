// What no bytes may do to the smaller readers, of headers, addresses, forms and texts: seeded
// mutations of what each of them takes, in memory that ends where they end, and a law by which each
// answer is judged.
#include <algorithm>
#include <array>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include <arpa/inet.h>
#include <gtest/gtest.h>

#include "core/access/ip_address.hpp"
#include "core/access/memory_info.hpp"
#include "core/access/network.hpp"
#include "core/access/signature.hpp"
#include "core/booking/webhook_parser.hpp"
#include "core/metrics/cube.hpp"
#include "core/privacy/personal_data_scanner.hpp"
#include "core/privacy/scrub.hpp"
#include "core/privacy/session_id.hpp"
#include "core/privacy/url.hpp"
#include "core/text/compact_json.hpp"
#include "core/text/form_body.hpp"
#include "core/text/percent.hpp"
#include "core/text/text.hpp"
#include "core/text/timestamp.hpp"
#include "core/tracking/user_agent.hpp"
#include "support.hpp"

namespace calytics::core {
namespace {

constexpr std::array<std::string_view, 28> kWords = {"",       "%",
                                                     "%4",     "%40",
                                                     "%2540",  "\\",
                                                     "\\u",    "\\ud800",
                                                     "\"",     "{",
                                                     "}",      "[",
                                                     "]",      ":",
                                                     "::",     "@",
                                                     "a@b.co", "//",
                                                     "#",      "?",
                                                     "&a=b",   "\xFF",
                                                     "\xC3",   "\xE2\x82",
                                                     "-",      "9223372036854775808",
                                                     "\t\n",   "e309"};

class Mutations {
 public:
  explicit Mutations(std::vector<std::string> seeds) : seeds_(std::move(seeds)) {}

  // What is judged, `rounds` times.
  template <class Judge>
  void run(int rounds, Judge judge) {
    for (int round = 0; round < rounds && !::testing::Test::HasFailure(); ++round) {
      const std::string text = mutated();
      // A copy of exactly that size, so that a sanitizer sees any byte read beyond it.
      const std::vector<char> exact(text.begin(), text.end());
      SCOPED_TRACE(text);
      judge(std::string_view(exact.data(), exact.size()));
    }
  }

 private:
  std::size_t below(std::size_t limit) { return generator_() % limit; }
  const std::string& seed() { return seeds_[below(seeds_.size())]; }

  std::string mutated() {
    std::string text = seed();
    for (std::size_t changes = below(5); changes > 0; --changes) {
      const std::size_t at = below(text.size() + 1);
      switch (below(5)) {
        case 0:
          if (at < text.size()) text[at] = static_cast<char>(generator_());
          break;
        case 1:
          text.erase(at, below(8));
          break;
        case 2:
          text.insert(at, kWords[below(kWords.size())]);
          break;
        case 3:
          text.insert(at, std::string(below(40), text.empty() ? '0' : text[at % text.size()]));
          break;
        default: {
          const std::string& other = seed();
          text = text.substr(0, at) + other.substr(below(other.size() + 1));
        }
      }
    }
    return text;
  }

  std::mt19937_64 generator_ = testing::make_generator();
  std::vector<std::string> seeds_;
};

bool is_clean(std::string_view text) {
  return is_valid_utf8(text) && text.find('\0') == std::string_view::npos;
}

TEST(ReaderRobustness, Urls) {
  Mutations({"https://user:pw@studio.example:8443/a/b?utm_source=x&utm_medium=y&token=abc#top",
             "//[2001:db8::1]:80/%7Esam?mail=sam%40example.com",
             "http://192.0.2.1/?q=+34%20600123456", "/relative?a=1&a=2", "HTTPS://EXAMPLE.com"})
      .run(10'000, [](std::string_view text) {
        for (const UrlPart part : {UrlPart::all, UrlPart::without_query, UrlPart::origin}) {
          const Url url = scrub_url(text, part);
          ASSERT_LE(url.text.size(), kUrlLimit);
          for (const std::string& kept :
               {url.text, url.host, url.utm_source, url.utm_medium, url.utm_campaign})
            ASSERT_TRUE(is_clean(kept) || !is_clean(text)) << kept;
          ASSERT_EQ(url.text.find('#'), std::string::npos) << url.text;
          if (url.host.find('%') == std::string::npos) {
            ASSERT_TRUE(std::ranges::none_of(url.host, [](char c) { return c >= 'A' && c <= 'Z'; }))
                << url.host;
          }
          if (part != UrlPart::all) {
            ASSERT_EQ(url.text.find('?'), std::string::npos) << url.text;
            ASSERT_EQ(url.utm_source + url.utm_medium + url.utm_campaign, "");
          }
        }
      });
}

TEST(ReaderRobustness, Signatures) {
  const std::string digest = "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad";
  std::string valid;
  const auto mac = hmac_sha256("key", "body").value();
  for (const std::uint8_t byte : mac)
    for (const int nibble : {byte >> 4, byte & 15})
      valid += "0123456789abcdef"[nibble];
  Mutations({valid, "sha256=" + valid, digest, "sha256="}).run(10'000, [&](std::string_view text) {
    std::string plain(text);
    if (equal_ignoring_case(plain.substr(0, 7), "sha256=")) plain.erase(0, 7);
    for (char& c : plain)
      if (c >= 'A' && c <= 'F') c = static_cast<char>(c - 'A' + 'a');
    ASSERT_EQ(verify_signature("body", text, "key"), plain == valid);
    ASSERT_FALSE(verify_signature("body", text, ""));
  });
}

TEST(ReaderRobustness, UserAgents) {
  Mutations(
      {"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/120.0 Safari/537.36",
       "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) Version/17.0 Mobile Safari/604.1",
       "Googlebot/2.1 (+http://www.google.com/bot.html)", "curl/8.0"})
      .run(10'000, [](std::string_view text) {
        const UserAgent agent = classify_user_agent(text);
        ASSERT_TRUE(!agent.bot || agent.device == Device::unknown);
        ASSERT_TRUE(!text.empty() || agent.bot);
        ASSERT_EQ(name_of(agent.device).empty(), agent.device == Device::unknown);
      });
}

TEST(ReaderRobustness, Addresses) {
  Mutations({"192.0.2.1:80", "[2001:db8::1]:443", "fe80::1%eth0", "::ffff:192.0.2.1",
             "2001:db8::", "1:2:3:4:5:6:7:8"})
      .run(10'000, [](std::string_view text) {
        const auto address = IpAddress::parse(text);
        if (!address) return;
        IpAddress::Text buffer{};
        const std::string written(address->text(buffer));
        std::array<char, 16> bytes{};
        ASSERT_EQ(inet_pton(address->is_v4() ? AF_INET : AF_INET6, written.c_str(), bytes.data()),
                  1)
            << written;
        ASSERT_EQ(address->bytes(), std::string_view(bytes.data(), address->is_v4() ? 4 : 16));
        ASSERT_EQ(IpAddress::parse(written), address) << written;
        ASSERT_EQ(address->anonymized().anonymized(), address->anonymized());
      });
}

TEST(ReaderRobustness, ForwardedFor) {
  const IpAddress peer = *IpAddress::parse("10.0.0.1");
  Mutations({"10.0.0.0/8, 2001:db8::/32, 192.0.2.1", "203.0.113.7, 10.0.0.2", "10.0.0.2,,10.0.0.3",
             "unknown, [2001:db8::1]:1"})
      .run(10'000, [&](std::string_view text) {
        const NetworkList nobody;
        ASSERT_EQ(client_behind(peer, text, nobody), peer);
        const auto trusted = NetworkList::parse(text);
        const IpAddress client =
            client_behind(peer, text, NetworkList::parse("10.0.0.0/8").value());
        ASSERT_TRUE(client == peer || text.find_first_of(".:") != std::string_view::npos);
        if (trusted && !trusted->contains(peer)) {
          ASSERT_EQ(client_behind(peer, text, *trusted), peer);
        }
      });
}

TEST(ReaderRobustness, FormsAndPercentEncoding) {
  Mutations({"name=Sam%20Doe&mail=a%40b.co&name=", "a=%E2%82%AC&b=%&c=%zz", "a&b&&=c"})
      .run(10'000, [](std::string_view text) {
        looks_like_form(text);
        for (const std::string_view name : {"name", "a", ""}) {
          const auto value = form_value(text, name);
          ASSERT_TRUE(!value || (!value->empty() && is_clean(*value)));
        }
        const auto decoded = percent_decode_fully(text);
        ASSERT_TRUE(!decoded || !has_percent_escape(*decoded)) << *decoded;
        std::string encoded;
        append_percent_encoded(encoded, text);
        ASSERT_EQ(percent_decode(encoded), text);
      });
}

TEST(ReaderRobustness, PersonalData) {
  Mutations({"write to sam@example.com or +34 600 123 456", "ES91 2100 0418 4502 0005 1332",
             "4111 1111 1111 1111 on 2026-05-01", "12345678Z 2001:db8::1 Bearer abcdef0123456789",
             "sam%2540example.com https://u:p@h/?password=x"})
      .run(6'000, [](std::string_view text) {
        PersonalDataScanner scanner(text, NumberHint::none);
        std::size_t last = 0;
        while (const auto found = scanner.next()) {
          ASSERT_LE(last, found->begin);
          ASSERT_LT(found->begin, found->end);
          ASSERT_LE(found->end, text.size());
          last = found->end;
        }
        std::string scrubbed;
        PersonalDataCounts counts;
        append_scrubbed(scrubbed, text, NumberHint::none, Encoding::text, counts);
        ASSERT_FALSE(holds_personal_data(scrubbed, NumberHint::none)) << scrubbed;
        ASSERT_TRUE(!is_session_id(text) || text.size() <= 64);
      });
}

TEST(ReaderRobustness, Timestamps) {
  constexpr std::int64_t kFirst = -62'135'596'800'000'000;  // 0001-01-01
  constexpr std::int64_t kLast = 253'402'300'800'000'000;   // 10000-01-01
  constexpr std::int64_t kOffset = 100'000'000'000;         // a day and more
  Mutations({"2026-05-01T10:00:00.123456789Z", "0001-01-01T00:00:00+23:59", "9999-12-31 23:59:60z",
             "2024-02-29t00:00-0330"})
      .run(10'000, [](std::string_view text) {
        const auto instant = parse_timestamp(text);
        ASSERT_TRUE(!instant || (*instant > kFirst - kOffset && *instant < kLast + kOffset));
      });
  for (const std::int64_t extreme :
       {std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::int64_t>::max()})
    EXPECT_FALSE(timestamp_from_milliseconds(extreme));
}

TEST(ReaderRobustness, JsonPiecesEnd) {
  Mutations({R"({"a":[1,-2.5e3,"x\"y",true,null],"b":{"c":"é"}})", "[[[]]]", R"("\\")"})
      .run(10'000, [](std::string_view text) {
        CompactJson json(text);
        std::size_t pieces = 0;
        while (json.next() != JsonPiece::end) {
          ASSERT_LE(++pieces, text.size());
          if (!json.text().empty()) {
            ASSERT_GE(json.text().data(), text.data());
            ASSERT_LE(json.text().data() + json.text().size(), text.data() + text.size());
          }
        }
      });
}

TEST(ReaderRobustness, Cubes) {
  using namespace std::string_literals;
  Mutations({"\x07\x03svc\x01h\x03"
             "EUR\x02\x01\x02"s,
             "\x01\x00\x00\x00"s, ""s})
      .run(10'000, [](std::string_view text) {
        CubeReader cube(text);
        std::size_t cells = 0;
        while (cube.next())
          ASSERT_LE(++cells, text.size());
        ASSERT_FALSE(cube.next());
      });
}

TEST(ReaderRobustness, MemoryInfo) {
  Mutations({"MemTotal:       16384 kB\nMemFree: 1 kB\nMemAvailable:    8192 kB\n"})
      .run(10'000, [](std::string_view text) {
        const auto memory = parse_memory_info(text);
        ASSERT_TRUE(!memory || (memory->total >= 0 && memory->available >= 0));
      });
}

TEST(ReaderRobustness, BookingsToldByTheApi) {
  WebhookParser parser;
  Mutations(
      {R"({"triggerEvent":"BOOKING_SYNCED","createdAt":"2026-11-20T09:00:00Z","payload":{"id":501,"uid":"leg",)"
       R"("status":"cancelled","start":"2026-12-01T10:00:00Z","end":"2026-12-01T12:00:00Z",)"
       R"("hosts":[{"id":41,"name":"Zoe","email":"zoe@example.com","username":"zoe"},{"id":42}],)"
       R"("eventType":{"id":7301,"slug":"small"},"price":12000,"currency":"eur","metadata":{"calyticsSession":"s-1"},)"
       R"("attendees":[{"name":"Sam","email":"sam@example.com","absent":true,"seatUid":"seat-1"}],)"
       R"("bookingFieldsResponses":{"style":"dots","notes":"left arm"}}})",
       testing::payload("booking_rescheduled_round_robin.json")})
      .run(4'000, [&](std::string_view text) {
        ASSERT_EQ(testing::broken_promise(parser.parse(text, testing::kPersonKey)), "");
      });
}

}  // namespace
}  // namespace calytics::core
