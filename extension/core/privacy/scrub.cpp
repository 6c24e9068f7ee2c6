#include "core/privacy/scrub.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "core/privacy/personal_data_scanner.hpp"
#include "core/text/percent.hpp"
#include "core/text/text.hpp"

namespace calytics::core {

namespace {

void append_marker(std::string& out, PersonalData kind, PersonalDataCounts& counts) {
  out += marker_of(kind);
  counts.add(kind);
}

// The text with markers for what a scan finds; absent if that is nothing.
std::optional<std::string> scan(std::string_view text, NumberHint hint,
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

// What is left when all escapes have been decoded, scrubbed after each round; absent if nothing was
// found behind them.
std::optional<std::string> scrub_decoded(std::string_view text, NumberHint hint, bool plus_is_space,
                                         PersonalDataCounts& counts) {
  std::string decoded(text);
  bool found = false;
  const auto replace_found = [&] {
    if (std::optional<std::string> scrubbed = scan(decoded, hint, counts)) {
      decoded = std::move(*scrubbed);
      found = true;
    }
  };
  for (int round = 0; has_percent_escape(decoded); ++round) {
    if (round == kMaxDecodings) {
      counts.add(PersonalData::token);
      return std::string(marker_of(PersonalData::token));
    }
    // As it will be read: what is ill-formed is repaired by something that stands in addresses.
    std::string readable;
    append_repaired(readable, percent_decode(decoded));
    decoded = std::move(readable);
    replace_found();
  }
  if (plus_is_space) {
    std::ranges::replace(decoded, '+', ' ');
    replace_found();
  }
  return found ? std::optional(std::move(decoded)) : std::nullopt;
}

// Scrubbed as it stands and behind its escapes; absent if nothing was found.
std::optional<std::string> scrub(std::string_view text, NumberHint hint, Encoding encoding,
                                 PersonalDataCounts& counts) {
  const bool plus_is_space = encoding == Encoding::url && text.find('+') != std::string_view::npos;
  if (!plus_is_space && !may_hold_personal_data(text)) return std::nullopt;
  std::optional<std::string> plain = scan(text, hint, counts);
  const std::optional<std::string> hidden =
      scrub_decoded(plain ? *plain : text, hint, plus_is_space, counts);
  if (!hidden) return plain;
  std::string scrubbed;
  if (encoding == Encoding::url) {
    append_percent_encoded(scrubbed, *hidden);
  } else {
    append_repaired(scrubbed, *hidden);
  }
  return scrubbed;
}

}  // namespace

bool append_scrubbed(std::string& out, std::string_view text, NumberHint hint, Encoding encoding,
                     PersonalDataCounts& counts) {
  constexpr int kMaxTimes = 8;
  std::optional<std::string> scrubbed = scrub(text, hint, encoding, counts);
  if (!scrubbed) {
    out += text;
    return false;
  }
  // What is left beside a marker may be told only then, and what stands behind an escape's digits
  // looks different with them: it is done until nothing is found.
  int times = 1;
  while (std::optional<std::string> more = scrub(*scrubbed, hint, encoding, counts)) {
    scrubbed = std::move(more);
    if (++times < kMaxTimes) continue;
    counts.add(PersonalData::token);
    scrubbed = marker_of(PersonalData::token);
    break;
  }
  out += *scrubbed;
  return true;
}

bool holds_personal_data(std::string_view text, NumberHint hint) {
  if (!may_hold_personal_data(text)) return false;
  PersonalDataCounts counts;
  return scrub(text, hint, Encoding::text, counts).has_value();
}

}  // namespace calytics::core
