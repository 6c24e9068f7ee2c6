#include "core/privacy/word_cue.hpp"

#include <algorithm>
#include <array>

#include "core/text/ascii.hpp"

namespace calytics::core {

namespace {

constexpr auto kPhoneWords = std::to_array<std::string_view>({
    "call",
    "cell",
    "cellulare",
    "celular",
    "fax",
    "fon",
    "handy",
    "llama",
    "mobil",
    "mobile",
    "movil",
    "m\xC3\xB3vil",
    "phone",
    "sms",
    "tel",
    "telef",
    "telefon",
    "telefono",
    "tel\xC3\xA9"
    "fono",
    "telephone",
    "t\xC3\xA9l",
    "tfno",
    "tlf",
    "tlfno",
    "whatsapp",
});

constexpr auto kIdentifierWords = std::to_array<std::string_view>({
    "no",      "nr",      "n\xC2\xBA", "num",     "number", "id",     "uid",     "ref",
    "order",   "booking", "invoice",   "sku",     "ticket", "pedido", "factura", "reserva",
    "price",   "total",   "amount",    "precio",  "eur",    "usd",    "gbp",     "chf",
    "version", "build",   "v",         "isbn",    "ean",    "item",   "product", "session",
    "event",   "case",    "code",      "article",
});

constexpr auto kAmountSigns = std::to_array<std::string_view>({
    "\xE2\x82\xAC",
    "$",
    "\xC2\xA3",
    "\xC2\xA5",
    "%",
});

constexpr auto kUnits = std::to_array<std::string_view>({
    "eur",
    "usd",
    "gbp",
    "chf",
    "euro",
    "euros",
    "dollars",
    "kg",
    "km",
    "ms",
    "bytes",
    "kb",
    "mb",
});

template <class Words>
bool is_one_of(const Words& words, std::string_view word) noexcept {
  return std::ranges::find(words, word) != words.end();
}

// Lower-case in ASCII, and not longer than a word we know.
class Word {
 public:
  explicit Word(std::string_view text) noexcept {
    if (text.size() > buffer_.size()) return;
    std::ranges::transform(text, buffer_.begin(), to_lower);
    size_ = text.size();
  }
  std::string_view text() const noexcept { return {buffer_.data(), size_}; }

 private:
  std::array<char, 16> buffer_;
  std::size_t size_ = 0;
};

bool is_word_byte(char c) noexcept {
  return is_letter(c) || is_beyond_ascii(c);
}

}  // namespace

Cue cue_before(std::string_view text, std::size_t begin) noexcept {
  constexpr std::size_t kReach = 4;
  constexpr std::string_view kBetween = " .:=#(";
  std::size_t end = begin;
  while (end > 0 && begin - end < kReach &&
         kBetween.find(text[end - 1]) != std::string_view::npos) {
    if (text[--end] == '#') return Cue::identifier;
  }
  const std::string_view before = text.substr(0, end);
  if (std::ranges::any_of(kAmountSigns, [&](auto sign) { return before.ends_with(sign); })) {
    return Cue::identifier;
  }
  std::size_t start = end;
  while (start > 0 && end - start <= kReach * kReach && is_word_byte(text[start - 1]))
    --start;
  const Word word(text.substr(start, end - start));
  if (is_one_of(kPhoneWords, word.text())) return Cue::phone;
  return is_one_of(kIdentifierWords, word.text()) ? Cue::identifier : Cue::none;
}

bool amount_ends_at(std::string_view text, std::size_t end) noexcept {
  std::string_view rest = text.substr(end);
  if (rest.starts_with(' ')) rest.remove_prefix(1);
  if (std::ranges::any_of(kAmountSigns, [&](auto sign) { return rest.starts_with(sign); })) {
    return true;
  }
  const auto* stop = std::ranges::find_if_not(rest, is_word_byte);
  return is_one_of(kUnits,
                   Word(rest.substr(0, static_cast<std::size_t>(stop - rest.begin()))).text());
}

}  // namespace calytics::core
