// Whether a text can hold personal data at all: most don't, and a count of their characters tells.

#include <array>
#include <cstdint>

#include "core/privacy/personal_data_scanner.hpp"

namespace calytics::core {

namespace {

// Four counters of 16 bits, added up in one go: signs, digits, colons, dots.
constexpr int kDigits = 16;
constexpr int kColons = 32;
constexpr int kDots = 48;

constexpr std::array<std::uint64_t, 256> make_classes() {
  std::array<std::uint64_t, 256> classes{};
  for (const char c : {'@', '%', '=', '\\'})
    classes[static_cast<unsigned char>(c)] = 1;
  for (char c = '0'; c <= '9'; ++c)
    classes[static_cast<unsigned char>(c)] = std::uint64_t{1} << kDigits;
  classes[':'] = std::uint64_t{1} << kColons;
  classes['.'] = std::uint64_t{1} << kDots;
  return classes;
}

constexpr std::array<std::uint64_t, 256> kClasses = make_classes();

}  // namespace

bool may_hold_personal_data(std::string_view text) noexcept {
  constexpr std::uint64_t kMask = 0xFFFF;
  constexpr std::size_t kFewest = 4;     // digits of an address such as 1.2.3.4
  constexpr std::size_t kLongName = 20;  // from here on dots may be those of a token
  if (text.size() > kMask) return true;
  std::uint64_t sums = 0;
  for (const char c : text)
    sums += kClasses[static_cast<unsigned char>(c)];
  return (sums & kMask) > 0 || (sums >> kDigits & kMask) >= kFewest ||
         (sums >> kColons & kMask) >= 2 || (sums >> kDots >= 2 && text.size() >= kLongName);
}

}  // namespace calytics::core
