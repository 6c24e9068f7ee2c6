// The kinds of personal data that are kept out of tracked events, and how many were found of each.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace calytics::core {

enum class PersonalData : std::uint8_t {
  email,
  phone,
  card,
  iban,
  national_id,
  ip_address,
  token,  // passwords, keys and whatever else opens a door
  person  // names, postal addresses and dates of birth: known by the name of their member only
};

inline constexpr std::array<std::string_view, 8> kPersonalDataNames = {
    "email", "phone", "card", "iban", "national_id", "ip_address", "token", "person"};

constexpr std::string_view name_of(PersonalData kind) noexcept {
  return kPersonalDataNames[static_cast<std::size_t>(kind)];
}

// What stands in the place of what was removed.
constexpr std::string_view marker_of(PersonalData kind) noexcept {
  constexpr std::array<std::string_view, kPersonalDataNames.size()> kMarkers = {
      "[email]", "[phone]", "[card]", "[iban]", "[id]", "[ip]", "[token]", "[person]"};
  return kMarkers[static_cast<std::size_t>(kind)];
}

class PersonalDataCounts {
 public:
  void add(PersonalData kind) noexcept { ++counts_[static_cast<std::size_t>(kind)]; }

  PersonalDataCounts& operator+=(const PersonalDataCounts& other) noexcept {
    for (std::size_t i = 0; i < counts_.size(); ++i)
      counts_[i] += other.counts_[i];
    return *this;
  }

  std::uint32_t of(PersonalData kind) const noexcept {
    return counts_[static_cast<std::size_t>(kind)];
  }

  std::uint32_t total() const noexcept {
    std::uint32_t sum = 0;
    for (const std::uint32_t count : counts_)
      sum += count;
    return sum;
  }

  bool operator==(const PersonalDataCounts&) const = default;

 private:
  std::array<std::uint32_t, kPersonalDataNames.size()> counts_{};
};

// Where in a text something personal stands.
struct Finding {
  std::size_t begin = 0;
  std::size_t end = 0;
  PersonalData kind = PersonalData::email;
};

}  // namespace calytics::core
