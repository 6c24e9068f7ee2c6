// What is left of URLs, and what is read out of them.
#include <regex>
#include <string>

#include <gtest/gtest.h>

#include "core/privacy/url.hpp"
#include "core/text/percent.hpp"
#include "core/text/text.hpp"
#include "support.hpp"

namespace calytics::core {
namespace {

std::string kept(std::string_view text, UrlPart part = UrlPart::all) {
  return scrub_url(text, part).text;
}

TEST(TrackUrl, CleanOnesStayAsTheyAre) {
  for (const std::string_view text :
       {"https://ink.example/services?page=2&q=black+work", "/services/tattoo", "services",
        "?a=1&&b", "https://ink.example:8443/a%20b/%C3%B1?x=%26", "//cdn.example/x.js",
        "app://open/settings", "https://ink.example/?date=2026-01-31&price=19.99&id=612345678",
        "https://ink.example/order/612345678", "http://192.0.2.1:3000/x",
        "http://[2001:db8::1]/"}) {
    EXPECT_EQ(kept(text), text);
    EXPECT_EQ(scrub_url(text, UrlPart::all).found.total(), 0U) << text;
  }
}

TEST(TrackUrl, UserinfoAndFragmentAreDropped) {
  EXPECT_EQ(kept("https://bob:secret@Ink.Example/x#access_token=1"), "https://ink.example/x");
  EXPECT_EQ(kept("https://bob@ink.example"), "https://ink.example");
  EXPECT_EQ(kept("https://a@b@ink.example/"), "https://ink.example/");
  EXPECT_EQ(kept("#top"), "");
}

TEST(TrackUrl, PersonalDataAnywhere) {
  EXPECT_EQ(kept("https://x.example/u/bob@example.com/edit"), "https://x.example/u/[email]/edit");
  EXPECT_EQ(kept("https://x.example/u/bob%40example.com"), "https://x.example/u/[email]");
  EXPECT_EQ(kept("https://x.example/?q=a%40b.com&p=1"), "https://x.example/?q=[email]&p=1");
  EXPECT_EQ(kept("https://x.example/?q=a%2540b.com"), "https://x.example/?q=[email]");
  EXPECT_EQ(kept("https://x.example/?a@b.com=1"), "https://x.example/?[email]=1");
  EXPECT_EQ(kept("https://x.example/?q=+34600123456"), "https://x.example/?q=[phone]");
  EXPECT_EQ(kept("https://x.example/?q=call+600+123+456"), "https://x.example/?q=call%20[phone]");
  EXPECT_EQ(kept("https://x.example/?q=write%20a%40b.com%20now"),
            "https://x.example/?q=write%20[email]%20now");
  EXPECT_EQ(kept("https://x.example/?dni=12345678Z&x=12345678Z"),
            "https://x.example/?dni=[id]&x=[id]");
  EXPECT_EQ(kept("mailto:bob@example.com"), "mailto:[email]");
  EXPECT_EQ(kept("https://x.example/?first_name=Ana&lastName=Garc%C3%ADa"),
            "https://x.example/?first_name=[person]&lastName=[person]");
}

TEST(TrackUrl, SecretsByName) {
  for (const std::string name : {"token",
                                 "access_token",
                                 "id_token",
                                 "code",
                                 "key",
                                 "api_key",
                                 "apikey",
                                 "client_secret",
                                 "password",
                                 "pwd",
                                 "session",
                                 "session_id",
                                 "sid",
                                 "PHPSESSID",
                                 "sig",
                                 "signature",
                                 "auth",
                                 "state",
                                 "jwt",
                                 "otp",
                                 "X-Amz-Signature",
                                 "reset_password_token",
                                 "tok%65n",
                                 "gclid",
                                 "fbclid"}) {
    EXPECT_EQ(kept("https://x.example/?a=1&" + name + "=abc123&b=2"),
              "https://x.example/?a=1&" + name + "=[token]&b=2");
  }
  EXPECT_EQ(kept("/x;jsessionid=ABC/y"), "/x;jsessionid=[token]/y");
  EXPECT_EQ(kept("/x?next=https%3A%2F%2Fy.example%2F%3Ftoken%3Dabc%26a%3D1"),
            "/x?next=https://y.example/%3Ftoken%3D[token]%26a%3D1");
  EXPECT_EQ(kept("/x?v=eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.dozjgNryP4J3"), "/x?v=[token]");
  EXPECT_EQ(kept("/x?token="), "/x?token=");
}

TEST(TrackUrl, Parts) {
  const std::string_view text = "https://u:p@News.example:81/a/b?utm_source=x&q=1#f";
  EXPECT_EQ(kept(text, UrlPart::without_query), "https://news.example:81/a/b");
  EXPECT_EQ(kept(text, UrlPart::origin), "https://news.example:81");
  EXPECT_EQ(kept("/a/b", UrlPart::origin), "");
  EXPECT_EQ(scrub_url(text, UrlPart::origin).host, "news.example");
  EXPECT_EQ(scrub_url(text, UrlPart::without_query).utm_source, "");
}

TEST(TrackUrl, Campaigns) {
  const Url url = scrub_url(
      "https://x.example/?utm_source=News%20letter&UTM_Medium=e+mail&utm_campaign=a%40b.com",
      UrlPart::all);
  EXPECT_EQ(url.utm_source, "News letter");
  EXPECT_EQ(url.utm_medium, "e mail");
  EXPECT_EQ(url.utm_campaign, "[email]");
  EXPECT_EQ(url.found.of(PersonalData::email), 1U);
  EXPECT_EQ(scrub_url("/?utm_source=" + std::string(500, 'x'), UrlPart::all).utm_source.size(),
            200U);
  EXPECT_TRUE(is_valid_utf8(scrub_url("/?utm_source=%FF%00", UrlPart::all).utm_source));
  EXPECT_EQ(scrub_url("/a;utm_source=x", UrlPart::all).utm_source, "x");
  EXPECT_EQ(scrub_url("/a;utm_source=x", UrlPart::without_query).utm_source, "");
}

TEST(TrackUrl, LongOnes) {
  const std::string path = "https://x.example/" + std::string(1000, 'p');
  EXPECT_EQ(kept(path + "?q=" + std::string(2000, 'q')), path);
  EXPECT_EQ(kept(path + "?q=" + std::string(50'000, 'q')), path);
  EXPECT_EQ(kept("/" + std::string(3000, 'p')).size(), kUrlLimit);
  EXPECT_EQ(kept("/" + std::string(30'000, 'p')), "");
}

TEST(TrackUrl, NoEmailAddressSurvives) {
  static const std::regex kEmail(R"([A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\.[A-Za-z]{2,})");
  auto generator = testing::make_generator();
  const auto random = [&](std::string_view alphabet, std::size_t most) {
    std::string text(generator() % (most + 1), ' ');
    for (char& c : text)
      c = alphabet[generator() % alphabet.size()];
    return text;
  };
  constexpr std::string_view kNoise = "ab0.:/?&=;%+-_ ,[]";
  for (int round = 0; round < 20'000; ++round) {
    std::string email = "x" + random("abz09._+-", 8) + "@y" + random("abz09-", 6) + ".com";
    for (std::size_t encodings = generator() % 3; encodings > 0; --encodings) {
      std::string encoded;
      for (const char c : email) {
        char escape[4];
        std::snprintf(escape, sizeof escape, "%%%02x", static_cast<unsigned char>(c));
        const bool must = c == '%' || c == '@';
        encoded += must || generator() % 3 == 0 ? std::string(escape) : std::string(1, c);
      }
      email = encoded;
    }
    const std::string text = (generator() % 2 == 0 ? "https://h.example/" : "") +
                             random(kNoise, 15) + email + random(kNoise, 15);
    const std::string out = kept(text);
    EXPECT_FALSE(std::regex_search(out, kEmail)) << text << '\n' << out;
    if (const auto decoded = percent_decode_fully(out)) {
      EXPECT_FALSE(std::regex_search(*decoded, kEmail)) << text << '\n' << out;
    }
  }
}

}  // namespace
}  // namespace calytics::core
