// Finds personal data in a text, from left to right.
//
// Guarantees: findings don't overlap; the time is linear in the text's length; any bytes will do.
// What is percent-encoded isn't seen: scrub.hpp looks behind it.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "core/privacy/number_run.hpp"
#include "core/privacy/personal_data.hpp"

namespace calytics::core {

// False for texts in which the scanner would find nothing; that is most of them, and quickly told.
// Also true where a text holds an escape of any kind, behind which there may be something.
bool may_hold_personal_data(std::string_view text) noexcept;

class PersonalDataScanner {
 public:
  PersonalDataScanner(std::string_view text, NumberHint hint) noexcept
      : text_(text), hint_(hint), has_colons_(text.find(':') != std::string_view::npos) {}

  std::optional<Finding> next() noexcept;

 private:
  std::optional<Finding> find_before(std::size_t limit) noexcept;
  void find_email() noexcept;
  std::optional<Finding> email_at(std::size_t at) const noexcept;
  std::optional<Finding> find_in_word(std::size_t begin, std::size_t& end) const noexcept;
  std::optional<Finding> find_secret(std::size_t begin, std::size_t& end) const noexcept;
  std::optional<Finding> find_ipv6(std::size_t begin) const noexcept;
  std::optional<Finding> find_iban(std::size_t begin) const noexcept;
  std::optional<Finding> find_national_id(std::size_t begin, std::size_t end) const noexcept;
  std::optional<Finding> find_parameter(std::size_t equals) const noexcept;
  std::optional<Finding> find_userinfo(std::size_t colon) const noexcept;
  bool ends_word(std::size_t place) const noexcept;

  std::string_view text_;
  NumberHint hint_;
  bool has_colons_;
  std::size_t position_ = 0;
  std::size_t next_at_ = 0;  // no e-mail address that isn't known has its '@' before
  std::optional<Finding> email_;
};

}  // namespace calytics::core
