#include "core/privacy/personal_data_scanner.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

#include "core/access/ip_address.hpp"
#include "core/privacy/member_names.hpp"
#include "core/text/ascii.hpp"

namespace calytics::core {

namespace {

constexpr std::size_t kNowhere = std::string_view::npos;

constexpr CharacterSet kLocalSigns("._%+-'");

bool is_local_part(char c) noexcept {
  return is_alphanumeric(c) || is_beyond_ascii(c) || kLocalSigns.has(c);
}

bool is_domain(char c) noexcept {
  return is_alphanumeric(c) || is_beyond_ascii(c) || c == '.' || c == '-';
}

bool is_token(char c) noexcept {
  return is_alphanumeric(c) || c == '_' || c == '-' || c == '.';
}

bool is_word(char c) noexcept {
  return is_alphanumeric(c) || c == '_';
}

// Keys whose makers mark them as such.
constexpr auto kKeyPrefixes = std::to_array<std::string_view>(
    {"sk_live_", "sk_test_", "rk_live_", "pk_live_", "whsec_", "ghp_", "gho_", "github_pat_",
     "glpat-", "xoxb-", "xoxp-", "AKIA", "AIza", "ya29.", "cal_live_", "cal_test_"});

}  // namespace

std::optional<Finding> PersonalDataScanner::next() noexcept {
  if (!email_ || email_->begin < position_) find_email();
  std::optional<Finding> found = find_before(email_ ? email_->begin : text_.size());
  if (!found) found = email_;
  if (found) {
    found->begin = std::max(found->begin, position_);
    position_ = found->end;
  } else {
    position_ = text_.size();
  }
  return found;
}

std::optional<Finding> PersonalDataScanner::find_before(std::size_t limit) noexcept {
  for (std::size_t i = position_; i < limit;) {
    const char c = text_[i];
    const bool starts_word = i == 0 || !is_alphanumeric(text_[i - 1]) || i == position_;
    if (c == ':') {
      if (const auto found = find_userinfo(i)) return found;
      if (const auto found = find_ipv6(i)) return found;
      ++i;
    } else if (c == '=') {
      if (const auto found = find_parameter(i)) return found;
      ++i;
    } else if (!is_alphanumeric(c) || !starts_word) {
      ++i;
    } else {
      std::size_t end = i;
      while (end < text_.size() && is_alphanumeric(text_[end]))
        ++end;
      if (const auto found = find_in_word(i, end)) return found;
      if (is_digit(c)) {
        const NumberRun run(text_, i);
        const auto found = run.find(i, hint_);
        if (found && found->begin < limit) return found;
        end = std::max(end, run.end());
        while (end < text_.size() && is_alphanumeric(text_[end]))
          ++end;
        // An address may begin with what looks like a number's last digits.
        std::size_t last = end;
        while (last > i && is_alphanumeric(text_[last - 1]))
          --last;
        if (has_colons_ && last > i && last < limit) {
          if (const auto address = find_ipv6(last)) return address;
        }
      }
      i = end;
    }
  }
  return std::nullopt;
}

void PersonalDataScanner::find_email() noexcept {
  email_.reset();
  next_at_ = std::max(next_at_, position_);
  // An address that something before it has cut into is looked at again.
  while (!email_) {
    const std::size_t at = text_.find('@', next_at_);
    if (at == kNowhere) {
      next_at_ = text_.size();
      return;
    }
    email_ = email_at(at);
    next_at_ = email_ ? at : at + 1;
  }
}

std::optional<Finding> PersonalDataScanner::email_at(std::size_t at) const noexcept {
  std::size_t begin = at;
  while (begin > position_ && is_local_part(text_[begin - 1]))
    --begin;
  if (begin == at && at > position_ && text_[at - 1] == '"') {
    const std::size_t quote = at >= 2 ? text_.rfind('"', at - 2) : kNowhere;
    if (quote != kNowhere && quote >= position_ && at - quote <= 64) begin = quote;
  }
  std::size_t end = at + 1;
  while (end < text_.size() && is_domain(text_[end]))
    ++end;
  if (begin == at) return std::nullopt;

  const auto in_top_level = [this](std::size_t i) {
    return is_letter(text_[i]) || is_beyond_ascii(text_[i]);
  };
  for (std::size_t dot = at + 2; dot + 2 < end; ++dot) {
    if (text_[dot] == '.' && in_top_level(dot + 1) && in_top_level(dot + 2)) {
      while (text_[end - 1] == '.' || text_[end - 1] == '-')
        --end;
      return Finding{begin, end, PersonalData::email};
    }
  }
  return std::nullopt;
}

// May move `end` beyond the word to where the scan is to go on.
std::optional<Finding> PersonalDataScanner::find_in_word(std::size_t begin,
                                                         std::size_t& end) const noexcept {
  if (const auto found = find_secret(begin, end)) return found;
  if (has_colons_) {
    if (const auto found = find_ipv6(begin)) return found;
  }
  if (const auto found = find_iban(begin)) return found;
  return find_national_id(begin, end);
}

std::optional<Finding> PersonalDataScanner::find_secret(std::size_t begin,
                                                        std::size_t& end) const noexcept {
  constexpr std::size_t kShortest = 8;
  const std::string_view rest = text_.substr(begin);
  const auto token_end = [this](std::size_t from) {
    while (from < text_.size() && is_token(text_[from]))
      ++from;
    return from;
  };

  if (rest[0] == 'e' && rest.starts_with("eyJ")) {  // {" in base64: a JSON web token
    const std::size_t stop = token_end(begin);
    const std::size_t dot = text_.find('.', begin);
    end = std::max(end, stop);
    if (stop - begin >= 20 && dot < stop) return Finding{begin, stop, PersonalData::token};
    return std::nullopt;
  }
  constexpr std::string_view kScheme = "Bearer ";
  if (to_upper(rest[0]) == kScheme[0] && rest.substr(1).starts_with(kScheme.substr(1))) {
    const std::size_t stop = token_end(begin + kScheme.size());
    if (stop - begin < kScheme.size() + kShortest) return std::nullopt;
    return Finding{begin + kScheme.size(), stop, PersonalData::token};
  }
  for (const std::string_view prefix : kKeyPrefixes) {
    if (rest[0] != prefix[0] || !rest.starts_with(prefix)) continue;
    const std::size_t stop = token_end(begin + prefix.size());
    end = std::max(end, stop);
    if (stop - begin < prefix.size() + kShortest) break;
    return Finding{begin, stop, PersonalData::token};
  }
  return std::nullopt;
}

std::optional<Finding> PersonalDataScanner::find_ipv6(std::size_t begin) const noexcept {
  constexpr std::size_t kLongest = 45;
  if (begin > position_ && begin > 0) {
    const char before = text_[begin - 1];
    if (is_word(before) || before == ':' || before == '.') return std::nullopt;
  }
  std::size_t end = begin;
  std::size_t colons = 0;
  for (; end < text_.size() && end - begin <= kLongest; ++end) {
    const char c = text_[end];
    const char lower = to_lower(c);
    if (c == ':') {
      ++colons;
    } else if (!is_digit(c) && !(lower >= 'a' && lower <= 'f') && c != '.') {
      break;
    }
  }
  if (colons < 2 || !ends_word(end)) return std::nullopt;
  while (end > begin &&
         (text_[end - 1] == '.' || (text_[end - 1] == ':' && end > 1 && text_[end - 2] != ':'))) {
    --end;
  }
  const bool global = end - begin > 4 && text_[begin + 4] == ':' &&
                      (text_[begin] == '2' || text_[begin] == '3' || to_lower(text_[begin]) == 'f');
  if ((colons < 3 && !global) || !IpAddress::parse(text_.substr(begin, end - begin))) {
    return std::nullopt;
  }
  return Finding{begin, end, PersonalData::ip_address};
}

// The value in "token=value", in a URL or anywhere else.
std::optional<Finding> PersonalDataScanner::find_parameter(std::size_t equals) const noexcept {
  constexpr std::size_t kLongestName = 40;
  std::size_t begin = equals;
  while (begin > 0 && equals - begin <= kLongestName && is_token(text_[begin - 1]))
    --begin;
  if (begin == equals) return std::nullopt;
  const MemberName name(text_.substr(begin, equals - begin));
  const bool in_url =
      begin > 0 && std::string_view("?&;").find(text_[begin - 1]) != std::string_view::npos;
  const std::optional<PersonalData> kind = in_url ? name.kind_in_url() : name.kind();
  const std::size_t value = equals + 1;
  if (!kind || text_.substr(value).starts_with(marker_of(*kind))) return std::nullopt;
  static constexpr CharacterSet kEnds("&;#\"'<>) \t\r\n");
  const std::size_t end = kEnds.find_in(text_, value);
  if (end == value) return std::nullopt;
  return Finding{value, end, *kind};
}

// "user:password" in "https://user:password@host".
std::optional<Finding> PersonalDataScanner::find_userinfo(std::size_t colon) const noexcept {
  if (!text_.substr(colon).starts_with("://")) return std::nullopt;
  const std::size_t begin = colon + 3;
  static constexpr CharacterSet kEnds("/?#\\\"'<> \t\r\n");
  const std::size_t end = kEnds.find_in(text_, begin);
  const std::size_t at = text_.substr(begin, end - begin).rfind('@');
  if (at == kNowhere || at == 0 || text_.substr(begin).starts_with(marker_of(PersonalData::token)))
    return std::nullopt;
  return Finding{begin, begin + at, PersonalData::token};
}

bool PersonalDataScanner::ends_word(std::size_t place) const noexcept {
  return place >= text_.size() || !is_word(text_[place]);
}

}  // namespace calytics::core
