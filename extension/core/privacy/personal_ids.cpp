// Accounts and national numbers, which check digits tell from other words. Part of the scanner.

#include <array>
#include <cstddef>
#include <optional>
#include <string_view>

#include "core/privacy/check_digits.hpp"
#include "core/privacy/personal_data_scanner.hpp"
#include "core/text/ascii.hpp"

namespace calytics::core {

std::optional<Finding> PersonalDataScanner::find_iban(std::size_t begin) const noexcept {
  if (begin + 15 > text_.size() || !is_letter(text_[begin]) || !is_letter(text_[begin + 1]) ||
      !is_digit(text_[begin + 2]) || !is_digit(text_[begin + 3])) {
    return std::nullopt;
  }
  std::array<char, 34> characters;
  const auto length = static_cast<std::size_t>(iban_length(text_[begin], text_[begin + 1]));
  std::size_t count = 0;
  std::size_t end = begin;
  for (; end < text_.size() && count < length; ++end) {
    const char c = text_[end];
    if (is_alphanumeric(c)) {
      characters[count++] = c;
    } else if ((c != ' ' && c != '-') || !is_alphanumeric(text_[end - 1])) {
      break;
    }
  }
  if (count == 0 || !ends_word(end) || !is_iban({characters.data(), count})) return std::nullopt;
  return Finding{begin, end, PersonalData::iban};
}

std::optional<Finding> PersonalDataScanner::find_national_id(std::size_t begin,
                                                             std::size_t end) const noexcept {
  const std::string_view word = text_.substr(begin, end - begin);
  const Finding whole{begin, end, PersonalData::national_id};
  if (is_codice_fiscale(word) || is_nir(word)) return whole;
  if (!is_letter(word.front())) return std::nullopt;
  if (begin > 0 && (text_[begin - 1] == '_' || text_[begin - 1] == '-')) return std::nullopt;

  // The characters of a number, without the signs between them.
  std::array<char, 9> characters;
  std::size_t count = 0;
  std::size_t stop = begin;
  for (; stop < text_.size() && count < characters.size(); ++stop) {
    const char c = text_[stop];
    if (is_alphanumeric(c)) {
      characters[count++] = c;
    } else if ((c != ' ' && c != '-') || !is_alphanumeric(text_[stop - 1])) {
      break;
    }
  }
  if (count == characters.size() && ends_word(stop)) {
    const std::string_view text(characters.data(), count);
    const bool spaced = stop - begin > count;
    const bool in_capitals = text[0] <= 'Z' && text[1] <= 'Z' && text[8] <= 'Z';
    if (is_nino(text) && (in_capitals || !spaced)) {
      return Finding{begin, stop, PersonalData::national_id};
    }

    const char first = to_upper(text[0]);
    if (first >= 'X' && first <= 'Z' && is_letter(text[8])) {
      characters[0] = static_cast<char>('0' + (first - 'X'));
      if (is_dni(text.substr(0, 8), text[8])) {
        return Finding{begin, stop, PersonalData::national_id};
      }
    }
  }
  const bool spanish_tax_id = word.size() == 11 && word.starts_with("ES");
  if (spanish_tax_id && is_dni(word.substr(2, 8), word[10])) return whole;
  return std::nullopt;
}

}  // namespace calytics::core
