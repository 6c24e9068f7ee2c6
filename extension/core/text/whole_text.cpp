#include "core/text/whole_text.hpp"

#include "core/text/ascii.hpp"
#include "core/text/text.hpp"

namespace calytics::core {

namespace {

constexpr std::size_t kNowhere = std::string_view::npos;

std::string lower(std::string_view text) {
  std::string result;
  append_lower_ascii(result, text);
  return result;
}

bool is_word(char c) noexcept {
  return is_alphanumeric(c) || is_beyond_ascii(c);
}

// Both in lower case.
std::size_t find_whole(std::string_view text, std::string_view wanted, std::size_t from) noexcept {
  const bool address = wanted.find('@') != kNowhere;
  const auto goes_on = [&](std::size_t at) {
    if (at >= text.size()) return false;
    const bool dot = address && text[at] == '.' && at + 1 < text.size() && is_word(text[at + 1]);
    return is_word(text[at]) || dot || (address && text[at] == '-');
  };
  const auto goes_before = [&](std::size_t at) {
    if (at == 0) return false;
    const char c = text[at - 1];
    return is_word(c) || (address && std::string_view(".-_+%").find(c) != kNowhere);
  };
  for (; (from = text.find(wanted, from)) != kNowhere; ++from) {
    const bool inside = (is_word(wanted.front()) && goes_before(from)) ||
                        (is_word(wanted.back()) && goes_on(from + wanted.size()));
    if (!inside) break;
  }
  return from;
}

}  // namespace

bool contains_whole(std::string_view text, std::string_view wanted) {
  return !wanted.empty() && find_whole(lower(text), lower(wanted), 0) != kNowhere;
}

void replace_whole(std::string& text, std::string_view wanted, std::string_view other) {
  if (wanted.empty()) return;
  const std::string lowered = lower(text);
  const std::string needle = lower(wanted);
  std::string result;
  std::size_t done = 0;
  for (std::size_t at = 0; (at = find_whole(lowered, needle, done)) != kNowhere;) {
    result.append(text, done, at - done).append(other);
    done = at + needle.size();
  }
  if (done > 0) text = result.append(text, done);
}

}  // namespace calytics::core
