// The check digits by which a card, an account or a person's number is told from any other number.
// A random number passes one of these tests at a rate of 1 in 10 to 1 in 97.
#pragma once

#include <string_view>

namespace calytics::core {

// Digits only: the issuer's prefix, the length that goes with it, and Luhn's sum (ISO/IEC 7812).
bool is_card_number(std::string_view digits) noexcept;

// Letters of either case and digits, without spaces: the country's length and mod 97 (ISO 13616).
bool is_iban(std::string_view text) noexcept;

// The length of a country's IBANs; 0 if it has none.
int iban_length(char first, char second) noexcept;

// Spain: eight digits and the letter they give. For a NIE the first digit stands for X, Y or Z.
bool is_dni(std::string_view digits, char letter) noexcept;

// Germany: eleven digits, of which exactly one occurs twice or thrice among the first ten, and
// ISO 7064's mod 11,10.
bool is_steuer_id(std::string_view digits) noexcept;

// France: fifteen characters, the last two the key (mod 97); Corsica's 2A and 2B included.
bool is_nir(std::string_view text) noexcept;

// Italy: sixteen characters of either case, the last one a check; digits replaced by letters where
// two people share a code included.
bool is_codice_fiscale(std::string_view text) noexcept;

// The United Kingdom: nine characters of either case. It has no check digit, but prefixes that are
// never given.
bool is_nino(std::string_view text) noexcept;

// The United States: nine digits. No check digit, but ranges that are never given.
bool is_ssn(std::string_view digits) noexcept;

}  // namespace calytics::core
