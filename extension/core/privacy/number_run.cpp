#include "core/privacy/number_run.hpp"

#include <algorithm>
#include <initializer_list>

#include "core/privacy/check_digits.hpp"
#include "core/privacy/word_cue.hpp"
#include "core/text/ascii.hpp"

namespace calytics::core {

namespace {

// How many bytes of separator stand at `place`: a space, a sign, or a no-break space.
std::size_t separator_length(std::string_view text, std::size_t place) noexcept {
  static constexpr CharacterSet kSigns(" -./()");
  if (place >= text.size()) return 0;
  if (kSigns.has(text[place])) return 1;
  if (!is_beyond_ascii(text[place])) return 0;
  const std::string_view rest = text.substr(place);
  if (rest.starts_with("\xC2\xA0")) return 2;
  return rest.starts_with("\xE2\x80\xAF") || rest.starts_with("\xE2\x80\x91") ? 3 : 0;
}

bool is_part_of_word(char c) noexcept {
  return is_alphanumeric(c) || c == '_';
}

}  // namespace

// The digits of neighbouring groups, joined.
class NumberRun::Digits {
 public:
  Digits(const NumberRun& run, std::size_t first, std::size_t last) noexcept {
    for (std::size_t i = first; i <= last; ++i) {
      const Group& group = run.groups_[i];
      if (size_ + group.size() > buffer_.size()) {
        size_ = 0;
        return;
      }
      std::copy_n(run.text_.begin() + group.begin, group.size(), buffer_.begin() + size_);
      size_ += group.size();
    }
  }

  // Empty if there are too many for any number that we know.
  std::string_view text() const noexcept { return {buffer_.data(), size_}; }

 private:
  std::array<char, 19> buffer_;
  std::size_t size_ = 0;
};

NumberRun::NumberRun(std::string_view text, std::size_t begin) noexcept : text_(text) {
  constexpr int kMaxSeparators = 3;
  std::size_t place = begin;
  while (count_ < kMaxGroups) {
    Group& group = groups_[count_++];
    group.begin = place;
    while (place < text.size() && is_digit(text[place]))
      ++place;
    group.end = place;
    for (int i = 0; i < kMaxSeparators; ++i)
      place += separator_length(text, place);
    if (place == group.end || place >= text.size() || !is_digit(text[place])) break;
  }
}

std::optional<Finding> NumberRun::find(std::size_t from, NumberHint hint) const noexcept {
  for (std::size_t first = 0; first < count_;) {
    const std::size_t date = date_at(first);
    if (date > 0 || groups_[first].begin < from) {
      first += std::max<std::size_t>(date, 1);
      continue;
    }
    if (const auto found = find_at(first, hint)) return found;
    ++first;
  }
  return std::nullopt;
}

std::optional<Finding> NumberRun::find_at(std::size_t first, NumberHint hint) const noexcept {
  const std::size_t begin = groups_[first].begin;
  if (begin > 0 && is_alphanumeric(text_[begin - 1])) return std::nullopt;
  if (const auto found = find_ip(first)) return found;
  if (const auto found = find_card(first)) return found;
  if (const auto found = find_national_id(first)) return found;
  return find_phone(first, hint);
}

std::optional<Finding> NumberRun::find_ip(std::size_t first) const noexcept {
  const std::size_t last = first + 3;
  if (last >= count_ || !opens(first) || !separated_by(first, last, ".")) return std::nullopt;
  const std::size_t begin = groups_[first].begin;
  const std::size_t end = groups_[last].end;
  // "Chrome/120.0.0.0" is a version.
  if (begin > 1 && text_[begin - 1] == '/' && is_letter(text_[begin - 2])) return std::nullopt;
  if (end < text_.size() && is_part_of_word(text_[end])) return std::nullopt;
  if (last + 1 < count_ && separator(last) == ".") return std::nullopt;
  for (std::size_t i = first; i <= last; ++i) {
    if (groups_[i].size() > 3 || value(groups_[i]) > 255) return std::nullopt;
  }
  return Finding{begin, end, PersonalData::ip_address};
}

std::optional<Finding> NumberRun::find_card(std::size_t first) const noexcept {
  for (std::size_t last = first; last < count_ && last < first + 5; ++last) {
    if (last > first) {
      const std::string_view before = separator(last - 1);
      if (groups_[first].size() != 4 || (before != " " && before != "-" && before != "\xC2\xA0")) {
        break;
      }
    }
    const std::size_t end = groups_[last].end;
    const bool closed = end == text_.size() || !is_part_of_word(text_[end]);
    if (closed && is_card_number(Digits(*this, first, last).text())) {
      return Finding{groups_[first].begin, end, PersonalData::card};
    }
  }
  return std::nullopt;
}

std::optional<Finding> NumberRun::find_national_id(std::size_t first) const noexcept {
  if (!opens(first)) return std::nullopt;
  for (std::size_t last = first; last < count_ && last < first + 7; ++last) {
    const Digits joined(*this, first, last);
    const std::string_view digits = joined.text();
    if (digits.empty()) break;
    const Finding found{groups_[first].begin, groups_[last].end, PersonalData::national_id};
    const bool bare = first == last;

    if (digits.size() == 8 && (bare || has_sizes(first, last, {2, 3, 3}))) {
      std::size_t letter = found.end;
      if (letter < text_.size() && (text_[letter] == '-' || text_[letter] == ' ')) ++letter;
      const bool ends = letter + 1 == text_.size() ||
                        (letter < text_.size() && !is_part_of_word(text_[letter + 1]));
      if (ends && is_letter(text_[letter]) && is_dni(digits, text_[letter])) {
        return Finding{found.begin, letter + 1, PersonalData::national_id};
      }
    }
    if (!closes(last)) continue;
    if (has_sizes(first, last, {3, 2, 4}) && is_ssn(digits) &&
        (separated_by(first, last, "-") || separated_by(first, last, " "))) {
      return found;
    }
    if ((bare || has_sizes(first, last, {2, 3, 3, 3})) && is_steuer_id(digits)) return found;
    const bool nir =
        bare || has_sizes(first, last, {1, 2, 2, 2, 3, 3, 2}) || has_sizes(first, last, {13, 2});
    if (nir && is_nir(digits)) return found;
  }
  return std::nullopt;
}

std::optional<Finding> NumberRun::find_phone(std::size_t first, NumberHint hint) const noexcept {
  constexpr std::size_t kMaxPhoneGroups = 8;
  std::size_t begin = groups_[first].begin;
  for (std::size_t last = std::min(count_, first + kMaxPhoneGroups); last-- > first;) {
    if (!is_phone(first, last, hint)) continue;
    const std::size_t end = groups_[last].end;
    const std::string_view inside = text_.substr(begin, end - begin);
    const bool bracketed = std::ranges::count(inside, ')') > std::ranges::count(inside, '(');
    const auto take = [&](char sign) {
      const bool there = begin > 0 && text_[begin - 1] == sign;
      if (there) --begin;
      return there;
    };
    const bool opened = bracketed && take('(');
    take('+');
    if (bracketed && !opened) take('(');
    return Finding{begin, end, PersonalData::phone};
  }
  return std::nullopt;
}

bool NumberRun::is_phone(std::size_t first, std::size_t last, NumberHint hint) const noexcept {
  const Digits joined(*this, first, last);
  const std::string_view digits = joined.text();
  const std::size_t count = digits.size();
  if (count < 6 || count > 17) return false;

  const std::size_t begin = groups_[first].begin;
  const std::size_t end = groups_[last].end;
  if (end < text_.size() && is_part_of_word(text_[end])) return false;

  const bool bracket = begin > 0 && text_[begin - 1] == '(';
  const std::size_t plus = begin - (bracket ? 1 : 0);
  if (plus > 0 && text_[plus - 1] == '+') {
    const bool sum = plus > 1 && is_part_of_word(text_[plus - 2]);
    return !sum && digits[0] != '0' && count >= 8 && count <= 15;
  }

  if (!opens(first) || !closes(last)) return false;
  const Cue cue = cue_before(text_, begin);
  if (cue == Cue::identifier || amount_ends_at(text_, end)) return false;
  if (cue == Cue::phone) return count >= 7 && count <= 15;

  if (digits.starts_with("00")) return digits[2] != '0' && count >= 11;

  const bool bare = first == last;
  const bool dots = !bare && separated_by(first, last, ".");
  if (bare) {
    if (hint == NumberHint::identifier) return false;
    if (digits[0] == '0') return digits[1] != '0' && (count == 10 || count == 11);
    return count == 9 && digits[0] >= '6';
  }
  if (last == first + 1 && dots) return false;  // a decimal fraction
  if (digits[0] == '0') {
    const auto plausible = [](const Group& group) {
      return group.size() >= 2 && group.size() <= 8;
    };
    return digits[1] != '0' && count >= 9 && count <= 12 &&
           std::all_of(groups_.begin() + first, groups_.begin() + last + 1, plausible);
  }
  if (digits[0] >= '6') {
    if (dots && digits.ends_with("000")) return false;  // thousands
    if (has_sizes(first, last, {3, 3, 3}) || has_sizes(first, last, {3, 2, 2, 2}) ||
        has_sizes(first, last, {2, 3, 2, 2}) || has_sizes(first, last, {3, 6})) {
      return true;
    }
  }
  if (has_sizes(first, last, {3, 3, 4})) return digits[0] >= '2';
  if (has_sizes(first, last, {1, 3, 3, 4})) return digits[0] == '1' && digits[1] >= '2';
  return has_sizes(first, last, {3, 7}) && digits[0] == '3';
}

// How many groups a date takes that begins at `first`: 0 or 3.
std::size_t NumberRun::date_at(std::size_t first) const noexcept {
  const std::size_t last = first + 2;
  if (last >= count_) return 0;
  const std::string_view sign = separator(first);
  if ((sign != "-" && sign != "/" && sign != ".") || separator(first + 1) != sign) return 0;

  const auto part = [this](std::size_t i, int high) {
    return groups_[i].size() <= 2 && value(groups_[i]) >= 1 && value(groups_[i]) <= high;
  };
  const auto year = [this](std::size_t i) {
    return groups_[i].size() == 4 && value(groups_[i]) >= 1900 && value(groups_[i]) < 2200;
  };
  if (year(first) && part(first + 1, 12) && part(last, 31)) return 3;
  if (!year(last)) return 0;
  return (part(first, 31) && part(first + 1, 12)) || (part(first, 12) && part(first + 1, 31)) ? 3
                                                                                              : 0;
}

bool NumberRun::has_sizes(std::size_t first, std::size_t last,
                          std::initializer_list<std::size_t> sizes) const noexcept {
  return last - first + 1 == sizes.size() &&
         std::equal(sizes.begin(), sizes.end(), groups_.begin() + first,
                    [](std::size_t size, const Group& group) { return group.size() == size; });
}

std::string_view NumberRun::separator(std::size_t after) const noexcept {
  return text_.substr(groups_[after].end, groups_[after + 1].begin - groups_[after].end);
}

bool NumberRun::separated_by(std::size_t first, std::size_t last,
                             std::string_view separator) const noexcept {
  for (std::size_t i = first; i < last; ++i) {
    if (this->separator(i) != separator) return false;
  }
  return true;
}

// Nothing before the group makes it a part of something longer.
bool NumberRun::opens(std::size_t group) const noexcept {
  const std::size_t begin = groups_[group].begin;
  if (begin == 0) return true;
  const char before = text_[begin - 1];
  if (is_part_of_word(before)) return false;
  const char attached = begin > 1 ? text_[begin - 2] : ' ';
  if (before == '-') return !is_part_of_word(attached);
  if (before == '.' || before == ',' || before == '/') return !is_digit(attached);
  return true;
}

// Nor after it.
bool NumberRun::closes(std::size_t group) const noexcept {
  const std::size_t end = groups_[group].end;
  if (end == text_.size()) return true;
  const char after = text_[end];
  if (is_part_of_word(after)) return false;
  const char attached = end + 1 < text_.size() ? text_[end + 1] : ' ';
  if (after == '-') return !is_part_of_word(attached);
  if (after == '.' || after == ',') return !is_digit(attached);
  return true;
}

int NumberRun::value(const Group& group) const noexcept {
  int value = 0;
  for (std::size_t i = group.begin; i < std::min(group.end, group.begin + 6); ++i)
    value = value * 10 + digit_value(text_[i]);
  return value;
}

}  // namespace calytics::core
