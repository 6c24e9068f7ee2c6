#include "json_text.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include "text.hpp"

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

// As JSON's grammar has it: -?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?
bool is_number(std::string_view token) noexcept {
  const auto accept = [&token](std::string_view any_of) {
    if (token.empty() || any_of.find(token.front()) == std::string_view::npos) return false;
    token.remove_prefix(1);
    return true;
  };
  const auto digits = [&token] {
    const std::size_t count = std::min(token.find_first_not_of("0123456789"), token.size());
    token.remove_prefix(count);
    return count > 0;
  };

  accept("-");
  if (!accept("0") && !digits()) return false;
  if (accept(".") && !digits()) return false;
  if (accept("eE")) {
    accept("+-");
    if (!digits()) return false;
  }
  return token.empty();
}

// The double nearest to a number that is short and in range.
std::optional<double> as_double(std::string_view number) noexcept {
  constexpr std::size_t kMaxLength = 64;
  if (number.size() > kMaxLength) return std::nullopt;
  double value = 0;
  const auto [rest, error] = std::from_chars(number.data(), number.data() + number.size(), value);
  if (error != std::errc{}) return std::nullopt;
  return value;
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
  write_string(name);
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
    write_string(texts_.unescape(*escaped, kMaxBytes + 1));
    return;
  }
  const std::string_view token = json_token(value);
  if (token == "true" || token == "false") {
    out_ += token;
  } else if (!is_number(token)) {
    out_ += "null";
  } else if (const std::optional<double> number = as_double(token)) {
    // jsonb keeps numbers as decimals, for which 0e-99999 is a long one.
    out_ += *number == 0 ? "0" : token;
  } else {
    write_string(truncate_utf8(token, kMaxBytes + 1));
  }
}

void JsonWriter::write_string(std::string_view text) {
  constexpr std::string_view kHexDigits = "0123456789abcdef";
  out_ += '"';
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20) {
      out_ += "\\u00";
      out_ += kHexDigits[byte >> 4];
      out_ += kHexDigits[byte & 0xF];
    } else {
      if (c == '"' || c == '\\') out_ += '\\';
      out_ += c;
    }
  }
  out_ += '"';
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
