#include "core/privacy/check_digits.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include "core/text/ascii.hpp"

namespace calytics::core {

namespace {

bool all_digits(std::string_view text) noexcept {
  return std::ranges::all_of(text, is_digit);
}

int number(std::string_view digits) noexcept {
  int value = 0;
  for (const char c : digits)
    value = value * 10 + digit_value(c);
  return value;
}

bool passes_luhn(std::string_view digits) noexcept {
  int sum = 0;
  bool doubled = false;
  for (std::size_t i = digits.size(); i > 0; --i, doubled = !doubled) {
    int value = digit_value(digits[i - 1]) * (doubled ? 2 : 1);
    if (value > 9) value -= 9;
    sum += value;
  }
  return sum % 10 == 0;
}

struct Issuer {
  int first, last;  // of the number's first four digits
  std::size_t shortest, longest;
};

constexpr auto kIssuers = std::to_array<Issuer>({
    {2200, 2204, 16, 19},  // Mir
    {2221, 2720, 16, 16},  // Mastercard
    {3000, 3059, 14, 16},  // Diners
    {3400, 3499, 15, 15},  // American Express
    {3528, 3589, 16, 19},  // JCB
    {3600, 3699, 14, 19},  // Diners
    {3700, 3799, 15, 15},  // American Express
    {3800, 3999, 14, 19},  // Diners
    {4000, 4999, 16, 19},  // Visa, whose thirteen digits are no longer issued
    {5000, 5099, 16, 19},  // Maestro
    {5100, 5599, 16, 16},  // Mastercard
    {5600, 5899, 16, 19},  // Maestro
    {6000, 6999, 16, 19},  // Maestro, Discover, UnionPay, RuPay
});

struct Country {
  char code[3];
  int length;
};

constexpr auto kIbanCountries = std::to_array<Country>({
    {"AD", 24}, {"AE", 23}, {"AL", 28}, {"AT", 20}, {"AZ", 28}, {"BA", 20}, {"BE", 16}, {"BG", 22},
    {"BH", 22}, {"BR", 29}, {"BY", 28}, {"CH", 21}, {"CR", 22}, {"CY", 28}, {"CZ", 24}, {"DE", 22},
    {"DK", 18}, {"DO", 28}, {"EE", 20}, {"EG", 29}, {"ES", 24}, {"FI", 18}, {"FO", 18}, {"FR", 27},
    {"GB", 22}, {"GE", 22}, {"GI", 23}, {"GL", 18}, {"GR", 27}, {"GT", 28}, {"HR", 21}, {"HU", 28},
    {"IE", 22}, {"IL", 23}, {"IQ", 23}, {"IS", 26}, {"IT", 27}, {"JO", 30}, {"KW", 30}, {"KZ", 20},
    {"LB", 28}, {"LC", 32}, {"LI", 21}, {"LT", 20}, {"LU", 20}, {"LV", 21}, {"MC", 27}, {"MD", 24},
    {"ME", 22}, {"MK", 19}, {"MR", 27}, {"MT", 31}, {"MU", 30}, {"NL", 18}, {"NO", 15}, {"PK", 24},
    {"PL", 28}, {"PS", 29}, {"PT", 25}, {"QA", 29}, {"RO", 24}, {"RS", 22}, {"SA", 24}, {"SC", 31},
    {"SE", 24}, {"SI", 19}, {"SK", 24}, {"SM", 27}, {"ST", 25}, {"SV", 28}, {"TL", 23}, {"TN", 24},
    {"TR", 26}, {"UA", 29}, {"VA", 22}, {"VG", 24}, {"XK", 20},
});

// A codice fiscale's digits, and the letters that stand for them.
constexpr std::string_view kOmocodia = "LMNPQRSTUV";

bool is_fiscal_digit(char c) noexcept {
  return is_digit(c) || kOmocodia.find(c) != std::string_view::npos;
}

}  // namespace

bool is_card_number(std::string_view digits) noexcept {
  if (digits.size() < 14 || digits.size() > 19 || !all_digits(digits)) return false;
  const int prefix = number(digits.substr(0, 4));
  const bool issued = std::ranges::any_of(kIssuers, [&](const Issuer& issuer) {
    return prefix >= issuer.first && prefix <= issuer.last && digits.size() >= issuer.shortest &&
           digits.size() <= issuer.longest;
  });
  return issued && passes_luhn(digits);
}

int iban_length(char first, char second) noexcept {
  const std::array<char, 2> code = {to_upper(first), to_upper(second)};
  const auto* country = std::ranges::find_if(kIbanCountries, [&code](const Country& candidate) {
    return candidate.code[0] == code[0] && candidate.code[1] == code[1];
  });
  return country == kIbanCountries.end() ? 0 : country->length;
}

bool is_iban(std::string_view text) noexcept {
  if (text.size() < 15 || !is_letter(text[0]) || !is_letter(text[1]) ||
      !all_digits(text.substr(2, 2)) || !std::ranges::all_of(text, is_alphanumeric) ||
      static_cast<int>(text.size()) != iban_length(text[0], text[1])) {
    return false;
  }
  int remainder = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = to_upper(text[(i + 4) % text.size()]);
    remainder = is_digit(c) ? remainder * 10 + digit_value(c) : remainder * 100 + (c - 'A' + 10);
    remainder %= 97;
  }
  return remainder == 1;
}

bool is_dni(std::string_view digits, char letter) noexcept {
  constexpr std::string_view kLetters = "TRWAGMYFPDXBNJZSQVHLCKE";
  return digits.size() == 8 && all_digits(digits) &&
         kLetters[static_cast<std::size_t>(number(digits)) % kLetters.size()] == to_upper(letter);
}

bool is_steuer_id(std::string_view digits) noexcept {
  if (digits.size() != 11 || !all_digits(digits) || digits[0] == '0') return false;
  std::array<int, 10> occurrences{};
  int product = 10;
  for (const char c : digits.substr(0, 10)) {
    ++occurrences[static_cast<std::size_t>(digit_value(c))];
    int sum = (digit_value(c) + product) % 10;
    if (sum == 0) sum = 10;
    product = sum * 2 % 11;
  }
  const auto repeated = std::ranges::count_if(occurrences, [](int n) { return n > 1; });
  const int most = *std::ranges::max_element(occurrences);
  return repeated == 1 && most <= 3 && (11 - product) % 10 == digit_value(digits[10]);
}

bool is_nir(std::string_view text) noexcept {
  if (text.size() != 15 || std::string_view("123478").find(text[0]) == std::string_view::npos) {
    return false;
  }
  std::int64_t value = 0;
  std::int64_t correction = 0;
  for (std::size_t i = 0; i < 13; ++i) {
    char c = text[i];
    if (i == 6 && text[5] == '2' && (to_upper(c) == 'A' || to_upper(c) == 'B')) {
      correction = to_upper(c) == 'A' ? 1'000'000 : 2'000'000;
      c = '0';
    }
    if (!is_digit(c)) return false;
    value = value * 10 + digit_value(c);
  }
  if (!all_digits(text.substr(13))) return false;
  const int month = number(text.substr(3, 2));
  const bool plausible_month = (month >= 1 && month <= 12) || (month >= 20 && month <= 99);
  return plausible_month && 97 - (value - correction) % 97 == number(text.substr(13));
}

bool is_codice_fiscale(std::string_view text) noexcept {
  constexpr std::array<int, 26> kOdd = {1,  0,  5, 7, 9, 13, 15, 17, 19, 21, 2,  4,  18,
                                        20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23};
  constexpr std::string_view kForm = "LLLLLLNNMNNLNNNL";  // letter, number, month
  constexpr std::string_view kMonths = "ABCDEHLMPRST";
  if (text.size() != kForm.size()) return false;
  int sum = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = to_upper(text[i]);
    const bool fits = kForm[i] == 'L'   ? is_letter(c)
                      : kForm[i] == 'N' ? is_fiscal_digit(c)
                                        : kMonths.find(c) != std::string_view::npos;
    if (!fits) return false;
    if (i == 15) return c == 'A' + sum % 26;
    const int value = is_digit(c) ? digit_value(c) : c - 'A';
    sum += i % 2 == 0 ? kOdd[static_cast<std::size_t>(value)] : value;
  }
  return false;
}

bool is_nino(std::string_view text) noexcept {
  if (text.size() != 9 || !is_letter(text[0]) || !is_letter(text[1]) ||
      !all_digits(text.substr(2, 6)) || !is_letter(text[8])) {
    return false;
  }
  constexpr auto kNeverGiven =
      std::to_array<std::string_view>({"BG", "GB", "KN", "NK", "NT", "TN", "ZZ"});
  const std::array<char, 2> letters = {to_upper(text[0]), to_upper(text[1])};
  const std::string_view prefix(letters.data(), letters.size());
  return prefix.find_first_of("DFIQUV") == std::string_view::npos && prefix[1] != 'O' &&
         std::ranges::find(kNeverGiven, prefix) == kNeverGiven.end() && to_upper(text[8]) <= 'D';
}

bool is_ssn(std::string_view digits) noexcept {
  if (digits.size() != 9 || !all_digits(digits)) return false;
  const int area = number(digits.substr(0, 3));
  return area != 0 && area != 666 && area < 900 && digits.substr(3, 2) != "00" &&
         digits.substr(5) != "0000";
}

}  // namespace calytics::core
