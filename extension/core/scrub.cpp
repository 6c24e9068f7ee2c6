#include "scrub.hpp"

#include <algorithm>
#include <optional>

#include "percent.hpp"
#include "personal_data_scanner.hpp"
#include "text.hpp"

namespace calytics::core {

namespace {

void append_marker(std::string& out, PersonalData kind, PersonalDataCounts& counts) {
  out += marker_of(kind);
  counts.add(kind);
}

// The text as it stands, scrubbed; absent if nothing was found.
std::optional<std::string> scrub(std::string_view text, NumberHint hint,
                                 PersonalDataCounts& counts) {
  PersonalDataScanner scanner(text, hint);
  std::optional<Finding> found = scanner.next();
  if (!found) return std::nullopt;
  std::string scrubbed;
  std::size_t place = 0;
  for (; found; found = scanner.next()) {
    scrubbed += text.substr(place, found->begin - place);
    append_marker(scrubbed, found->kind, counts);
    place = found->end;
  }
  scrubbed += text.substr(place);
  return scrubbed;
}

}  // namespace

bool append_scrubbed(std::string& out, std::string_view text, NumberHint hint, Encoding encoding,
                     PersonalDataCounts& counts) {
  const bool plus_may_be_space =
      encoding == Encoding::url && text.find('+') != std::string_view::npos;
  if (!plus_may_be_space && !may_hold_personal_data(text)) {
    out += text;
    return false;
  }
  const std::optional<std::string> plain = scrub(text, hint, counts);
  const std::string_view readable = plain ? *plain : text;

  if (plus_may_be_space || has_percent_escape(readable)) {
    std::optional<std::string> decoded = percent_decode_fully(readable);
    if (!decoded) {
      append_marker(out, PersonalData::token, counts);
      return true;
    }
    std::optional<std::string> hidden = scrub(*decoded, hint, counts);
    if (!hidden && plus_may_be_space) {
      std::ranges::replace(*decoded, '+', ' ');
      hidden = scrub(*decoded, hint, counts);
    }
    if (hidden && encoding == Encoding::url) {
      append_percent_encoded(out, *hidden);
      return true;
    }
    if (hidden) {
      append_repaired(out, *hidden);
      return true;
    }
  }
  out += readable;
  return plain.has_value();
}

bool holds_personal_data(std::string_view text, NumberHint hint) {
  if (!may_hold_personal_data(text)) return false;
  PersonalDataCounts counts;
  std::string unused;
  return append_scrubbed(unused, text, hint, Encoding::text, counts);
}

}  // namespace calytics::core
