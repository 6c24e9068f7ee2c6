// What counts as personal data in a text, and, as important, what doesn't.
#include <array>
#include <regex>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "core/privacy/scrub.hpp"
#include "core/text/percent.hpp"
#include "support.hpp"

namespace calytics::core {
namespace {

std::string scrubbed(std::string_view text, NumberHint hint = NumberHint::none) {
  std::string out;
  PersonalDataCounts counts;
  const bool found = append_scrubbed(out, text, hint, Encoding::text, counts);
  EXPECT_EQ(found, counts.total() > 0) << text;
  EXPECT_EQ(found, out != text) << text;
  return out;
}

// Each alone, within words and at the end of a sentence.
void expect_found(PersonalData kind, const std::vector<std::string>& samples) {
  const std::string marker(marker_of(kind));
  for (const std::string& sample : samples) {
    EXPECT_EQ(scrubbed(sample), marker);
    EXPECT_EQ(scrubbed("see " + sample + " please"), "see " + marker + " please");
    EXPECT_EQ(scrubbed("(" + sample + ")."), "(" + marker + ").");
    EXPECT_EQ(scrubbed("\xC3\xB1: " + sample + ", \xE2\x82\xAC"),
              "\xC3\xB1: " + marker + ", \xE2\x82\xAC");
  }
}

void expect_kept(const std::vector<std::string>& samples) {
  for (const std::string& sample : samples) {
    EXPECT_EQ(scrubbed(sample), sample);
    EXPECT_EQ(scrubbed("x " + sample + " y"), "x " + sample + " y");
  }
}

TEST(TrackScrub, EmailAddresses) {
  expect_found(PersonalData::email, {"a@b.co", "ana.garcia+tattoo@example.com",
                                     "A_B%c@sub.example.co.uk", "o'neil@example.ie",
                                     "jos\xC3\xA9@espa\xC3\xB1"
                                     "a.es",
                                     "x@xn--e1afmkfd.xn--p1ai", "1234567@example.com",
                                     "600123456@example.com", "\"john doe\"@example.com"});
  EXPECT_EQ(scrubbed("mailto:bob@example.com?subject=hi"), "mailto:[email]?subject=hi");
  EXPECT_EQ(scrubbed("<bob@example.com>;<eve@example.com>"), "<[email]>;<[email]>");
  EXPECT_EQ(scrubbed("a@b.com@c.com"), "[email]@c.com");
  EXPECT_EQ(scrubbed("write to bob@example.com."), "write to [email].");
  EXPECT_EQ(scrubbed("2001:db8::bob@example.com"), "[ip][email]");
  expect_kept({"@studio", "meet @ 10", "a@", "@b.com", "user@localhost", "2 @ 3.50", "a@b.c"});
}

TEST(TrackScrub, PercentEncodedText) {
  EXPECT_EQ(scrubbed("a%40b.com"), "[email]");
  EXPECT_EQ(scrubbed("a%2540b%2Ecom"), "[email]");
  EXPECT_EQ(scrubbed("100%25 sure"), "100%25 sure");
  EXPECT_EQ(scrubbed("50% off, 5%"), "50% off, 5%");
  EXPECT_EQ(scrubbed("%2B34%20600%20123%20456"), "[phone]");
  EXPECT_EQ(scrubbed("sam%40example.\xC3[ sk%5Flive_0123456789"), "[email][ [token]");
  std::string often = "a%40b.com";
  for (int i = 0; i < 12; ++i)
    often = std::regex_replace(often, std::regex("%"), "%25");
  EXPECT_EQ(scrubbed(often), "[token]");
}

TEST(TrackScrub, PhoneNumbers) {
  expect_found(PersonalData::phone, {"+34600123456",
                                     "+34 600 123 456",
                                     "+34-600-123-456",
                                     "+1 (415) 555-2671",
                                     "+44 20 7946 0958",
                                     "+49 (0) 30 123456",
                                     "+4930123456",
                                     "(+34) 600123456",
                                     "0034600123456",
                                     "0034 600 123 456",
                                     "600123456",
                                     "600 123 456",
                                     "600-123-456",
                                     "600 12 34 56",
                                     "91 123 45 67",
                                     "912 345 678",
                                     "600.123.456",
                                     "(415) 555-2671",
                                     "415-555-2671",
                                     "415.555.2671",
                                     "415 555 2671",
                                     "1-415-555-2671",
                                     "0612345678",
                                     "06 12 34 56 78",
                                     "01.42.68.53.00",
                                     "020 7946 0958",
                                     "07911 123456",
                                     "07911123456",
                                     "030 123456-78",
                                     "0171/1234567",
                                     "347 1234567",
                                     "347 123 4567",
                                     "600\xC2\xA0"
                                     "123\xC2\xA0"
                                     "456"});
  EXPECT_EQ(scrubbed("Tel: 4155552671"), "Tel: [phone]");
  EXPECT_EQ(scrubbed("tel.600123456"), "tel.[phone]");
  EXPECT_EQ(scrubbed("m\xC3\xB3vil 1234567"), "m\xC3\xB3vil [phone]");
  EXPECT_EQ(scrubbed("whatsapp 34600123456"), "whatsapp [phone]");
  EXPECT_EQ(scrubbed("tel:+34600123456"), "tel:[phone]");
  EXPECT_EQ(scrubbed("600 123 456 y 91 123 45 67"), "[phone] y [phone]");
  EXPECT_EQ(scrubbed("2026-01-31 600 123 456"), "2026-01-31 [phone]");
}

TEST(TrackScrub, NumbersThatAreNoPhones) {
  expect_kept({"1234567",
               "12345678",
               "123456789",
               "1700000000",
               "1700000000000",
               "1700000000000000",
               "2026-01-31",
               "31.01.2026",
               "01/02/2026",
               "2026-01-31T09:30:00Z",
               "2026-01-31T09:30:00.123456789Z",
               "2026-01-31 09:30",
               "09:30-10:45",
               "19.99",
               "1,234,567.89",
               "1.234.567,89",
               "699.000.000",
               "612 345 678 \xE2\x82\xAC",
               "\xE2\x82\xAC 612345678",
               "$612345678",
               "612345678 EUR",
               "order 612345678",
               "#612345678",
               "No. 612345678",
               "ORD-2026-000123456",
               "SKU-612345678",
               "612345678-A",
               "user_612345678",
               "v1.2.3",
               "40.416775, -3.703790",
               "550e8400-e29b-41d4-a716-446655440000",
               "0000123456",
               "1 2 3 4 5 6 7 8 9",
               "1920x1080",
               "800 600",
               "5+12345678",
               "3.14159265358979",
               "978-3-16-148410-0",
               "session_1699999999_k3j4",
               "1234567890.1700000000",
               "GA1.2.1234567890.1700000000",
               "100 200 300",
               "612.345678"});
  EXPECT_EQ(scrubbed("612345678", NumberHint::identifier), "612345678");
  EXPECT_EQ(scrubbed("+34 612345678", NumberHint::identifier), "[phone]");
}

TEST(TrackScrub, CardNumbers) {
  expect_found(PersonalData::card,
               {"4111111111111111", "4111 1111 1111 1111", "4111-1111-1111-1111",
                "5555555555554444", "378282246310005", "3782 822463 10005", "6011111111111117",
                "3530111333300000", "2223003122003222", "30569309025904"});
  EXPECT_EQ(scrubbed("4111 1111 1111 1111 12/27 123"), "[card] 12/27 123");
  EXPECT_EQ(scrubbed("card_4111111111111111"), "card_[card]");
  expect_kept({"4111111111111112", "1111111111111117", "411111111111111", "41 11 11 11 11 11 11 11",
               "x4111111111111111"});
}

TEST(TrackScrub, Ibans) {
  expect_found(PersonalData::iban,
               {"GB82 WEST 1234 5698 7654 32", "GB82WEST12345698765432", "gb82west12345698765432",
                "DE89 3704 0044 0532 0130 00", "FR1420041010050500013M02606",
                "ES91-2100-0418-4502-0005-1332", "NL91ABNA0417164300", "NO93 8601 1117 947"});
  expect_kept({"GB82 WEST 1234 5698 7654 33", "DE89 3704", "ZZ82WEST12345698765432"});
}

TEST(TrackScrub, NationalIds) {
  expect_found(PersonalData::national_id,
               {"12345678Z", "12345678-Z", "12345678z", "12.345.678-Z", "12345678 Z", "X1234567L",
                "X-1234567-L", "x1234567l", "ES12345678Z", "123-45-6789", "123 45 6789",
                "AB123456C", "AB 12 34 56 C", "RSSMRA85T10A562S", "rssmra85t10a562s",
                "255081416802538", "2 55 08 14 168 025 38", "36574261809", "36 574 261 809"});
  expect_kept({"12345678A", "X1234567A", "000-45-6789", "666-45-6789", "923-45-6789", "123-00-6789",
               "QQ123456C", "GB123456C", "AB123456E", "RSSMRA85T10A562T", "255081416802539",
               "36574261808", "12345678", "in 12 34 56 a"});
}

TEST(TrackScrub, IpAddresses) {
  expect_found(PersonalData::ip_address,
               {"192.0.2.77", "2001:db8::1", "2001:DB8:0:0:8:800:200C:417A", "fe80::1:2:3",
                "::ffff:192.0.2.77"});
  EXPECT_EQ(scrubbed("from 192.0.2.77:8080"), "from [ip]:8080");
  expect_kept({"Chrome/120.0.0.0", "1.2.3", "1.2.3.4.5", "256.1.1.1", "10:30:45", "std::size",
               "::", "v1.2.3.4", "aa:bb:cc:dd:ee:ff"});
}

TEST(TrackScrub, Secrets) {
  const std::string jwt = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9P";
  expect_found(PersonalData::token, {"sk_live_4eC39HqLyjWDarjtT1zdp7dc", "ghp_16C7e42F292c6912E7"});
  EXPECT_EQ(scrubbed(jwt), "[token]");
  EXPECT_EQ(scrubbed("Authorization: Bearer abcdef123456"), "Authorization: Bearer [token]");
  EXPECT_EQ(scrubbed("go to /x?token=abc&b=1"), "go to /x?token=[token]&b=1");
  EXPECT_EQ(scrubbed("/x?a=1&code=77"), "/x?a=1&code=[token]");
  EXPECT_EQ(scrubbed("password=hunter2, ok"), "password=[token] ok");
  EXPECT_EQ(scrubbed("code=ES"), "code=ES");
  EXPECT_EQ(scrubbed("https://bob:pw@example.com/x"), "https://[token]@example.com/x");
  expect_kept({"eyJ", "sk_live_", "tokens = 5", "https://example.com/a=b"});
}

TEST(TrackScrub, AddressesBehindNumbers) {
  EXPECT_EQ(scrubbed("room 5 2001:db8::1"), "room 5 [ip]");
  EXPECT_EQ(scrubbed("12-3 2001:db8::1, 7 fe80::1:2 8"), "12-3 [ip], 7 [ip] 8");
  EXPECT_EQ(scrubbed("1 2 3 4 20a0:db8::1"), "1 2 3 4 [ip]");
  EXPECT_EQ(scrubbed("5 12:30"), "5 12:30");
}

// Nothing is found in what was scrubbed, whatever it was: not even by the digits of an escape.
void expect_done(std::string_view text) {
  for (const Encoding encoding : {Encoding::url, Encoding::text}) {
    std::string out;
    PersonalDataCounts counts;
    append_scrubbed(out, text, NumberHint::none, encoding, counts);
    std::string again;
    PersonalDataCounts none;
    EXPECT_FALSE(append_scrubbed(again, out, NumberHint::none, encoding, none)) << text << "\n"
                                                                                << out << "\n"
                                                                                << again;
  }
}

TEST(TrackScrub, AnyBytes) {
  auto generator = testing::make_generator();
  const std::string_view alphabet = "@.:=+-_ /()%40aZX09b\"\xC2\xA0\xFF";
  for (int round = 0; round < 100'000; ++round) {
    std::string text(generator() % 60, ' ');
    for (char& c : text)
      c = generator() % 8 == 0 ? static_cast<char>(generator())
                               : alphabet[generator() % alphabet.size()];
    expect_done(text);
  }
}

TEST(TrackScrub, AnyPieces) {
  auto generator = testing::make_generator();
  constexpr auto kPieces = std::to_array<std::string_view>({"%20",
                                                            "%40",
                                                            "%25",
                                                            "%2E",
                                                            "%3A",
                                                            "%2B",
                                                            "%",
                                                            "20a0::",
                                                            "2001:db8::1",
                                                            "fe80::1",
                                                            "::",
                                                            "a0::",
                                                            ":",
                                                            "@",
                                                            ".",
                                                            " ",
                                                            "-",
                                                            "+",
                                                            "=",
                                                            "/",
                                                            "(",
                                                            ")",
                                                            "&",
                                                            "?",
                                                            "_",
                                                            "\"",
                                                            "0",
                                                            "1",
                                                            "5",
                                                            "12",
                                                            "00",
                                                            "0034",
                                                            "2001",
                                                            "fe80",
                                                            "a",
                                                            "b",
                                                            "com",
                                                            "34600123456",
                                                            "+34 600 123 456",
                                                            "4111111111111111",
                                                            "4111 1111 1111 1111",
                                                            "a@b.com",
                                                            "token=",
                                                            "id=",
                                                            "12345678Z",
                                                            "ES9121000418450200051332",
                                                            "http://",
                                                            "user:pw@h",
                                                            "192.168.1.1",
                                                            "8.8.8.8",
                                                            "sk_live_0123456789",
                                                            "eyJ",
                                                            "Bearer ",
                                                            "[email]",
                                                            "[ip]",
                                                            "\xC2\xA0",
                                                            "\xFF"});
  for (int round = 0; round < 50'000; ++round) {
    std::string text;
    for (auto pieces = 1 + generator() % 8; pieces > 0; --pieces)
      text += kPieces.at(generator() % kPieces.size());
    expect_done(text);
  }
}

TEST(TrackScrub, NoEmailAddressSurvives) {
  static const std::regex kEmail(R"([A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\.[A-Za-z]{2,})");
  auto generator = testing::make_generator();
  const auto random = [&](std::string_view alphabet, std::size_t most) {
    std::string text(1 + generator() % most, ' ');
    for (char& c : text)
      c = alphabet[generator() % alphabet.size()];
    return text;
  };
  for (int round = 0; round < 20'000; ++round) {
    std::string email =
        random("abzAZ09._+-", 8) + "@" + random("abz09-", 6) + "." + random("abyz", 4) + "x";
    std::string text =
        random("ab 0.9:/?&=@%+-,;\"_()[]", 12) + email + random("ab 0.9:/?&=@%+-,;\"_()[]", 12);
    for (std::size_t encodings = generator() % 3; encodings > 0; --encodings) {
      std::string encoded;
      for (const char c : text) {
        char escape[4];
        std::snprintf(escape, sizeof escape, "%%%02X", static_cast<unsigned char>(c));
        const bool must = c == '%' || c == '@';
        encoded += must || generator() % 3 == 0 ? std::string(escape) : std::string(1, c);
      }
      text = encoded;
    }
    for (const Encoding encoding : {Encoding::text, Encoding::url}) {
      std::string out;
      PersonalDataCounts counts;
      EXPECT_TRUE(append_scrubbed(out, text, NumberHint::none, encoding, counts)) << text;
      EXPECT_FALSE(std::regex_search(out, kEmail)) << text << "\n" << out;
      EXPECT_FALSE(std::regex_search(percent_decode_fully(out).value(), kEmail)) << text << "\n"
                                                                                 << out;
    }
  }
}

TEST(TrackScrub, LinearTime) {
  for (const std::string_view piece :
       {"a@b.co ", "@", "a@", "1 ", "1", "://", "=", "a=", "eyJ-", "\"@", "GB82 ", "600 123 456 ",
        "::", "%40", "%25", "Bearer ", "+1", "(1"}) {
    std::string text;
    while (text.size() + piece.size() <= kMaxScrubbed)
      text += piece;
    const std::clock_t start = std::clock();
    std::string out;
    PersonalDataCounts counts;
    append_scrubbed(out, text, NumberHint::none, Encoding::url, counts);
    EXPECT_LT(std::clock() - start, CLOCKS_PER_SEC / 10) << piece;
  }
}

}  // namespace
}  // namespace calytics::core
