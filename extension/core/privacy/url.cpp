#include "core/privacy/url.hpp"

#include <algorithm>
#include <optional>

#include "core/access/ip_address.hpp"
#include "core/privacy/member_names.hpp"
#include "core/privacy/number_run.hpp"
#include "core/privacy/personal_data_scanner.hpp"
#include "core/privacy/scrub.hpp"
#include "core/text/ascii.hpp"
#include "core/text/limits.hpp"
#include "core/text/percent.hpp"
#include "core/text/text.hpp"

namespace calytics::core {

namespace {

constexpr CharacterSet kAuthorityEnds("/\\?");
constexpr CharacterSet kSegmentEnds("/\\;");
constexpr CharacterSet kPathEnds("?");
constexpr CharacterSet kParameterEnds("&");

// What stands before the first of `delimiters`, which is removed from `text` together with it.
std::string_view take_until(std::string_view& text, const CharacterSet& delimiters) noexcept {
  const std::string_view part = text.substr(0, delimiters.find_in(text));
  text.remove_prefix(part.size());
  return part;
}

// The length of "https://" or "//" in front of a host; 0 if there is none.
std::size_t authority_begin(std::string_view text) noexcept {
  constexpr std::string_view kSlashes = "//";
  if (text.starts_with(kSlashes)) return kSlashes.size();
  const std::size_t colon = text.find(':');
  if (colon == 0 || colon == std::string_view::npos) return 0;
  const std::string_view scheme = text.substr(0, colon);
  const bool valid = is_letter(scheme.front()) && std::ranges::all_of(scheme, [](char c) {
                       return is_alphanumeric(c) || c == '+' || c == '-' || c == '.';
                     });
  return valid && text.substr(colon + 1).starts_with(kSlashes) ? colon + 1 + kSlashes.size() : 0;
}

class Scrubbing {
 public:
  Scrubbing(Url& url, bool reads_campaigns) : url_(url), reads_campaigns_(reads_campaigns) {}

  void origin(std::string_view& rest) {
    const std::size_t begin = authority_begin(rest);
    if (begin == 0) return;
    url_.text += rest.substr(0, begin);
    rest.remove_prefix(begin);

    std::string_view authority = take_until(rest, kAuthorityEnds);
    if (const std::size_t at = authority.rfind('@'); at != std::string_view::npos) {
      if (at > 0) url_.found.add(PersonalData::token);
      authority.remove_prefix(at + 1);
    }
    std::string lower;
    append_lower_ascii(lower, authority);
    const bool address = lower.find('%') == std::string::npos && IpAddress::parse(lower);
    const std::size_t start = url_.text.size();
    if (address) {
      url_.text += lower;
    } else {
      component(lower, NumberHint::identifier);
    }
    url_.host = truncate_utf8(host_of(std::string_view(url_.text).substr(start)), kNameLimit);
  }

  void path(std::string_view rest) {
    while (!rest.empty()) {
      const std::string_view part = take_until(rest, kSegmentEnds);
      const std::size_t equals = part.find('=');
      if (equals == std::string_view::npos) {
        component(part, NumberHint::identifier);
      } else {
        parameter(part.substr(0, equals), part.substr(equals + 1));
      }
      take_delimiter(rest);
    }
  }

  // Begins with its '?'.
  void query(std::string_view rest) {
    take_delimiter(rest);
    while (!rest.empty()) {
      const std::string_view part = take_until(rest, kParameterEnds);
      const std::size_t equals = part.find('=');
      if (equals == std::string_view::npos) {
        component(part, NumberHint::none);
      } else {
        parameter(part.substr(0, equals), part.substr(equals + 1));
      }
      take_delimiter(rest);
    }
  }

 private:
  static std::string_view host_of(std::string_view authority) noexcept {
    if (authority.starts_with('[')) return authority.substr(0, authority.find(']') + 1);
    return authority.substr(0, authority.find(':'));
  }

  static bool is_clean(std::string_view value) noexcept {
    return !may_hold_personal_data(value) && value.find('+') == std::string_view::npos;
  }

  void component(std::string_view text, NumberHint hint) {
    append_scrubbed(url_.text, text, hint, Encoding::url, url_.found);
  }

  void take_delimiter(std::string_view& rest) {
    if (rest.empty()) return;
    url_.text += rest.front();
    rest.remove_prefix(1);
  }

  void parameter(std::string_view encoded_name, std::string_view value) {
    std::string buffer;
    std::string_view plain_name = encoded_name;
    if (has_percent_escape(encoded_name)) {
      buffer = percent_decode_fully(encoded_name).value_or(std::string());
      plain_name = buffer;
    }
    const MemberName name(plain_name);
    component(encoded_name, NumberHint::none);
    url_.text += '=';
    if (value.empty()) return;
    if (const std::optional<PersonalData> kind = name.kind_in_url()) {
      url_.text += marker_of(*kind);
      if (value != marker_of(*kind)) url_.found.add(*kind);
      return;
    }
    const std::size_t start = url_.text.size();
    if (is_clean(value)) {
      url_.text += value;
    } else {
      component(value, name.is_of_identifier() ? NumberHint::identifier : NumberHint::none);
    }
    if (std::string* target = reads_campaigns_ ? campaign(name.text()) : nullptr) {
      *target = decoded(std::string_view(url_.text).substr(start));
    }
  }

  std::string* campaign(std::string_view name) noexcept {
    if (name == "utmsource") return &url_.utm_source;
    if (name == "utmmedium") return &url_.utm_medium;
    if (name == "utmcampaign") return &url_.utm_campaign;
    return nullptr;
  }

  static std::string decoded(std::string_view value) {
    if (is_clean(value)) return std::string(truncate_utf8(value, kNameLimit));
    std::string spaced(value);
    std::ranges::replace(spaced, '+', ' ');
    std::string text;
    append_repaired(text, percent_decode_fully(spaced).value_or(std::string()));
    return std::string(truncate_utf8(trim_ascii(text), kNameLimit));
  }

  Url& url_;
  bool reads_campaigns_;
};

}  // namespace

Url scrub_url(std::string_view text, UrlPart part) {
  Url url;
  text = trim_ascii(text);
  text = text.substr(0, text.find('#'));
  if (text.size() > kMaxScrubbed) text = text.substr(0, text.find('?'));
  if (text.size() > kMaxScrubbed) return url;

  url.text.reserve(text.size());
  Scrubbing scrubbing(url, part == UrlPart::all);
  scrubbing.origin(text);
  if (part == UrlPart::origin) {
    if (url.host.empty()) url.text.clear();
    return url;
  }
  const std::string_view path = take_until(text, kPathEnds);
  scrubbing.path(path);
  const std::size_t query = url.text.size();
  if (part == UrlPart::all && !text.empty()) scrubbing.query(text);
  if (url.text.size() > kUrlLimit) url.text.resize(query);
  if (url.text.size() > kUrlLimit) url.text.resize(truncate_utf8(url.text, kUrlLimit).size());
  return url;
}

}  // namespace calytics::core
