// What the name of a property, or of a parameter of a URL, says about its value.
//
// Names are compared without case and without '_', '-', '.' and spaces: "first_name" is
// "firstName".
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string_view>

#include "core/privacy/personal_data.hpp"

namespace calytics::core {

class MemberName {
 public:
  explicit MemberName(std::string_view name) noexcept;

  // Without case and separators; empty if it is longer than any name we know.
  std::string_view text() const noexcept { return {buffer_.data(), size_}; }

  // What a value of that name is, whatever it looks like.
  std::optional<PersonalData> kind() const noexcept;

  // The same in a URL, where "code", "key" or "session" are those of a door.
  std::optional<PersonalData> kind_in_url() const noexcept;

  // The value identifies a thing, or is a time or an amount: a row of digits there is no phone.
  bool is_of_identifier() const noexcept;

  // It says where a visitor came from: a campaign, a click, a referrer.
  bool is_of_attribution() const noexcept;

 private:
  std::array<char, 40> buffer_;
  std::size_t size_ = 0;
};

}  // namespace calytics::core
