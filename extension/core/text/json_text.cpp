#include "core/text/json_text.hpp"

#include <algorithm>
#include <array>

#include "core/text/json_scalar.hpp"
#include "core/text/text.hpp"

namespace calytics::core {

namespace {

bool looks_secret(std::string_view name) {
  static constexpr std::array<std::string_view, 8> kSecretWords = {
      "password", "passwd", "passcode", "secret", "token", "credential", "apikey", "api_key"};

  std::string lower;
  append_lower_ascii(lower, name);
  return std::ranges::any_of(kSecretWords, [&lower](std::string_view word) {
    return lower.find(word) != std::string::npos;
  });
}

}  // namespace

JsonWriter::JsonWriter(std::string& out, TextStore& texts, Secrets secrets)
    : out_(out), texts_(texts), secrets_(secrets) {}

JsonError JsonWriter::write(JsonValue& value) {
  const bool container = is_object(value) || is_array(value);
  if (!container) {
    write_scalar(value);
    return simdjson::SUCCESS;
  }
  if (depth_ == kMaxDepth) {
    out_ += "null";
    return simdjson::SUCCESS;
  }
  ++depth_;
  const JsonError error = is_object(value) ? write_object(value) : write_array(value);
  --depth_;
  return error;
}

JsonError JsonWriter::write_member(std::string_view name, JsonValue& value) {
  if (full_ || (secrets_ == Secrets::omit && looks_secret(name))) return simdjson::SUCCESS;
  const std::size_t before = mark();
  separate_from('{');
  append_json_string(out_, name);
  out_ += ':';
  const JsonError error = write(value);
  keep_if_it_fits(before);
  return error;
}

JsonError JsonWriter::write_object(JsonValue& value) {
  open_object();
  const JsonError error = visit_members(
      value, texts_,
      [this](std::string_view name, JsonValue& member) { return write_member(name, member); });
  close_object();
  return error;
}

JsonError JsonWriter::write_array(JsonValue& value) {
  out_ += '[';
  const JsonError error = visit_elements(value, [this](JsonValue& element) {
    if (full_) return simdjson::SUCCESS;
    const std::size_t before = mark();
    separate_from('[');
    const JsonError element_error = write(element);
    keep_if_it_fits(before);
    return element_error;
  });
  out_ += ']';
  return error;
}

void JsonWriter::write_scalar(JsonValue& value) {
  if (const auto escaped = escaped_text(value)) {
    append_json_string(out_, texts_.unescape(*escaped, kMaxBytes + 1));
    return;
  }
  const std::string_view token = json_token(value);
  if (token == "true" || token == "false") {
    out_ += token;
  } else {
    append_json_number(out_, token);
  }
}

// A comma, unless what stands before is the bracket that opens the container.
void JsonWriter::separate_from(char opening) {
  if (out_.back() != opening) out_ += ',';
}

void JsonWriter::keep_if_it_fits(std::size_t mark) {
  if (full_ || out_.size() <= kMaxBytes) return;
  take_back_to(mark);
  full_ = true;
}

}  // namespace calytics::core
