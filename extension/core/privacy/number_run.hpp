// Groups of digits such as "+34 600 123 456": which of them are phone numbers, cards, a person's
// number or an IP address, and which are dates, prices and ids.
//
// A group is judged by its length, its separators, its check digits and the word before it. Where
// all that leaves it open, a row of digits counts as a phone number if it has the form of one: a
// number too many is a marker in a statistic, one too few is a person.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string_view>

#include "core/privacy/personal_data.hpp"

namespace calytics::core {

// What is known of a text from where it stands.
enum class NumberHint : bool {
  none,
  identifier  // bare digits are an id, an amount or a time
};

// Digits separated by spaces, '-', '.', '/' and brackets.
class NumberRun {
 public:
  // `begin` is at a digit.
  NumberRun(std::string_view text, std::size_t begin) noexcept;

  std::size_t end() const noexcept { return groups_[count_ - 1].end; }

  // The first personal number of the run that begins at or after `from`.
  std::optional<Finding> find(std::size_t from, NumberHint hint) const noexcept;

 private:
  static constexpr std::size_t kMaxGroups = 24;

  struct Group {
    std::size_t begin = 0;
    std::size_t end = 0;
    std::size_t size() const noexcept { return end - begin; }
  };

  class Digits;

  std::optional<Finding> find_at(std::size_t first, NumberHint hint) const noexcept;
  std::optional<Finding> find_ip(std::size_t first) const noexcept;
  std::optional<Finding> find_card(std::size_t first) const noexcept;
  std::optional<Finding> find_national_id(std::size_t first) const noexcept;
  std::optional<Finding> find_phone(std::size_t first, NumberHint hint) const noexcept;
  bool is_phone(std::size_t first, std::size_t last, NumberHint hint) const noexcept;
  std::size_t date_at(std::size_t first) const noexcept;

  bool has_sizes(std::size_t first, std::size_t last,
                 std::initializer_list<std::size_t> sizes) const noexcept;
  std::string_view separator(std::size_t after) const noexcept;
  bool separated_by(std::size_t first, std::size_t last, std::string_view separator) const noexcept;
  bool opens(std::size_t group) const noexcept;
  bool closes(std::size_t group) const noexcept;
  int value(const Group& group) const noexcept;

  std::string_view text_;
  std::array<Group, kMaxGroups> groups_;
  std::size_t count_ = 0;
};

}  // namespace calytics::core
