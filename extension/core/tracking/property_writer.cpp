#include "core/tracking/property_writer.hpp"

#include <algorithm>

#include "core/privacy/check_digits.hpp"
#include "core/privacy/personal_data_scanner.hpp"
#include "core/privacy/scrub.hpp"
#include "core/privacy/url.hpp"
#include "core/text/ascii.hpp"
#include "core/text/json_scalar.hpp"
#include "core/text/limits.hpp"
#include "core/text/text.hpp"

namespace calytics::core {

namespace {

bool is_web_address(std::string_view text) noexcept {
  return text.starts_with("https://") || text.starts_with("http://");
}

bool is_integer(std::string_view token) noexcept {
  return !token.empty() && std::ranges::all_of(token, is_digit);
}

}  // namespace

JsonError PropertyWriter::write(JsonValue& object, std::size_t limit, bool attribution,
                                Properties& properties) {
  properties = {};
  properties_ = &properties;
  limit_ = limit;
  attribution_ = attribution;
  depth_ = 0;
  out_.clear();
  const JsonError error = write_value(object, MemberName(""));
  properties.too_large |= out_.size() > limit;
  properties.empty = out_ == "{}";
  if (!error && !stopped()) properties.json = texts_.store(out_);
  return error;
}

JsonError PropertyWriter::write_value(JsonValue& value, const MemberName& name) {
  if (stopped()) return simdjson::SUCCESS;
  if (out_.size() > limit_) {
    properties_->too_large = true;
    return simdjson::SUCCESS;
  }
  const std::string_view token = json_token(value);
  if (token.starts_with('"')) {
    const std::optional<std::string_view> escaped = escaped_text(value);
    if (!escaped) return simdjson::STRING_ERROR;
    write_string(*escaped, name);
    return simdjson::SUCCESS;
  }
  const bool object = is_object(value);
  if (!object && !is_array(value)) {
    if (token == "true" || token == "false") {
      out_ += token;
    } else {
      write_number(token);
    }
    return simdjson::SUCCESS;
  }
  if (depth_ == kMaxDepth) {
    properties_->too_deep = true;
    return simdjson::SUCCESS;
  }
  ++depth_;
  const JsonError error = object ? write_object(value) : write_array(value, name);
  --depth_;
  return error;
}

JsonError PropertyWriter::write_object(JsonValue& value) {
  out_ += '{';
  const JsonError error =
      visit_members(value, texts_, [this](std::string_view name, JsonValue& member) {
        return stopped() ? simdjson::SUCCESS : write_member(name, member);
      });
  out_ += '}';
  return error;
}

JsonError PropertyWriter::write_array(JsonValue& value, const MemberName& name) {
  out_ += '[';
  const JsonError error = visit_elements(value, [this, &name](JsonValue& element) {
    if (stopped()) return simdjson::SUCCESS;
    if (out_.back() != '[') out_ += ',';
    return write_value(element, name);
  });
  out_ += ']';
  return error;
}

JsonError PropertyWriter::write_member(std::string_view name, JsonValue& value) {
  const MemberName known(name);
  if (!attribution_ && known.is_of_attribution()) return simdjson::SUCCESS;
  if (name.size() > std::min(limit_, kMaxScrubbed)) {
    properties_->too_large = true;
    return simdjson::SUCCESS;
  }
  if (out_.back() != '{') out_ += ',';
  write_key(name);
  out_ += ':';

  if (const std::optional<PersonalData> kind = known.kind()) {
    const std::string_view token = json_token(value);
    if (token != "true" && token != "false" && token != "null" && token != "\"\"") {
      write_marker(*kind);
      return simdjson::SUCCESS;
    }
  }
  const std::size_t begin = out_.size();
  const JsonError error = write_value(value, known);
  if (depth_ == 1 && !error && !stopped()) capture(known, begin);
  return error;
}

void PropertyWriter::write_key(std::string_view name) {
  if (!may_hold_personal_data(name)) {
    append_json_string(out_, name);
    return;
  }
  scrubbed_.clear();
  append_scrubbed(scrubbed_, name, NumberHint::none, Encoding::text, properties_->removed);
  append_json_string(out_, scrubbed_);
}

void PropertyWriter::write_string(std::string_view escaped, const MemberName& name) {
  constexpr std::size_t kLongestEscape = 6;
  if (escaped.size() > kLongestEscape * limit_) {
    properties_->too_large = true;
    return;
  }
  const bool web_address = is_web_address(escaped) || escaped.starts_with("http:\\/") ||
                           escaped.starts_with("https:\\/");
  if (!web_address && !may_hold_personal_data(escaped)) {
    out_ += '"';
    out_ += escaped;
    out_ += '"';
    return;
  }
  plain_.clear();
  append_unescaped(plain_, escaped, kMaxScrubbed);
  if (plain_.size() > kMaxScrubbed) {
    properties_->too_large = true;
    return;
  }
  if (is_web_address(plain_)) {
    const Url url = scrub_url(plain_, attribution_ ? UrlPart::all : UrlPart::without_query);
    properties_->removed += url.found;
    append_json_string(out_, url.text);
    return;
  }
  scrubbed_.clear();
  const NumberHint hint = name.is_of_identifier() ? NumberHint::identifier : NumberHint::none;
  append_scrubbed(scrubbed_, plain_, hint, Encoding::text, properties_->removed);
  append_json_string(out_, scrubbed_);
}

void PropertyWriter::write_number(std::string_view token) {
  if (is_integer(token) && is_card_number(token)) {
    write_marker(PersonalData::card);
  } else {
    append_json_number(out_, token);
  }
}

void PropertyWriter::write_marker(PersonalData kind) {
  out_ += '"';
  out_ += marker_of(kind);
  out_ += '"';
  properties_->removed.add(kind);
}

// Keeps the value that was written last if it has a column of its own.
void PropertyWriter::capture(const MemberName& name, std::size_t begin) {
  std::optional<std::string_view>* target = nullptr;
  const std::string_view plain = name.text();
  if (plain == "experiment") target = &properties_->experiment;
  if (plain == "variant") target = &properties_->variant;
  if (plain == "utmsource") target = &properties_->utm_source;
  if (plain == "utmmedium") target = &properties_->utm_medium;
  if (plain == "utmcampaign") target = &properties_->utm_campaign;
  if (target == nullptr) return;

  std::string_view value = std::string_view(out_).substr(begin);
  if (value.starts_with('"')) {
    value = value.substr(1, value.size() - 2);
    plain_.clear();
    append_unescaped(plain_, value, kNameLimit);
    value = truncate_utf8(plain_, kNameLimit);
  } else if (value.starts_with('{') || value.starts_with('[') || value == "null") {
    return;
  }
  *target =
      value.empty() ? std::nullopt : std::optional(texts_.store(truncate_utf8(value, kNameLimit)));
}

}  // namespace calytics::core
