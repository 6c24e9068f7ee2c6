#include "request_framer.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <utility>

#include "request_target.hpp"
#include "text.hpp"

namespace calytics::gateway {
namespace {

constexpr std::size_t kMethodLimit = 32;
constexpr std::size_t kVersionLine = std::string_view("HTTP/1.1\r").size();
constexpr std::size_t kChunkLine = 256;
constexpr std::size_t kFirstReservation = 16 * 1024;

template <typename Integer>
std::optional<Integer> parse_whole(std::string_view digits, int base) {
  Integer value{};
  const auto* end = digits.data() + digits.size();
  auto [stop, fault] = std::from_chars(digits.data(), end, value, base);
  if (fault != std::errc{} || stop != end) return std::nullopt;
  return value;
}

}  // namespace

void RequestFramer::fail(int status, std::string reason) {
  stage_ = Stage::failed;
  error_ = {status, std::move(reason)};
}

std::size_t RequestFramer::feed(std::string_view bytes) {
  const auto offered = bytes.size();
  while (!bytes.empty() && !complete() && !failed())
    step(bytes);
  return offered - bytes.size();
}

Request RequestFramer::take() {
  Request request = std::move(request_);
  *this = RequestFramer(limits_);
  return request;
}

void RequestFramer::step(std::string_view& bytes) {
  if (stage_ == Stage::body) return take_body(bytes, Stage::complete);
  if (stage_ == Stage::chunk_data) return take_body(bytes, Stage::chunk_end);
  std::string_view line;
  if (take_line(bytes, line)) {
    on_partial_line(line);
    if (!failed()) on_line(line);
    line_.clear();
  } else {
    on_partial_line(line);
  }
}

// True if `line` is whole; it then ends in the byte before LF. Either way it is all that came so
// far.
bool RequestFramer::take_line(std::string_view& bytes, std::string_view& line) {
  const auto feed = bytes.find('\n');
  const bool whole = feed != std::string_view::npos;
  const auto part = whole ? bytes.substr(0, feed) : bytes;
  const auto taken = part.size() + (whole ? 1 : 0);
  bytes.remove_prefix(taken);
  request_.bytes += taken;
  if (whole && line_.empty()) {
    line = part;
  } else {
    line_ += part;
    line = line_;
  }
  return whole;
}

// What can be refused before the line is whole. Run on whole lines too, and judging the first fault
// in the order of the bytes, so that it makes no difference when it is run.
void RequestFramer::on_partial_line(std::string_view line) {
  switch (stage_) {
    case Stage::request_line:
      return check_request_line(line);
    case Stage::fields:
    case Stage::trailers:
      if (header_bytes_ + line.size() + 1 > limits_.header_bytes)
        fail(431, "header fields too large");
      return;
    case Stage::chunk_end:
      if (line.size() > 1) fail(400, "chunk longer than its size");
      return;
    default:
      if (line.size() > kChunkLine) fail(400, "chunk size line too long");
      return;
  }
}

void RequestFramer::check_request_line(std::string_view line) {
  if (line == "\r" && !empty_line_skipped_) return;
  const auto method = line.substr(0, line.find(' '));
  const auto judged = method.substr(0, kMethodLimit + 1);
  if (!std::all_of(judged.begin(), judged.end(), is_token_char))
    return fail(400, "not an HTTP request");
  if (method.size() > kMethodLimit) return fail(501, "method too long");
  if (method.size() == line.size()) return;
  if (method.empty()) return fail(400, "not an HTTP request");
  line.remove_prefix(method.size() + 1);
  const auto target = line.substr(0, line.find(' '));
  if (target.size() > limits_.url) return fail(414, "URL too long");
  if (target.size() == line.size()) return;
  line.remove_prefix(target.size() + 1);
  if (line.size() > kVersionLine) fail(400, "malformed request line");
}

void RequestFramer::on_line(std::string_view line) {
  if (!line.ends_with('\r')) return fail(400, "line not ended by CR LF");
  const auto size_on_wire = line.size() + 1;
  line.remove_suffix(1);
  switch (stage_) {
    case Stage::request_line:
      return on_request_line(line);
    case Stage::fields:
      header_bytes_ += size_on_wire;
      return line.empty() ? on_head_end() : on_field(line);
    case Stage::trailers:
      header_bytes_ += size_on_wire;
      return on_trailer(line);
    case Stage::chunk_end:
      stage_ = Stage::chunk_size;
      return;
    default:
      return on_chunk_size(line);
  }
}

void RequestFramer::on_request_line(std::string_view line) {
  if (line.empty()) {
    empty_line_skipped_ = true;
    return;
  }
  const auto method_end = line.find(' ');
  const auto target_end =
      method_end == std::string_view::npos ? method_end : line.find(' ', method_end + 1);
  if (target_end == std::string_view::npos) return fail(400, "malformed request line");
  request_.method = line.substr(0, method_end);
  const auto target = line.substr(method_end + 1, target_end - method_end - 1);
  const auto version = line.substr(target_end + 1);
  if (version.size() != 8 || !version.starts_with("HTTP/") || !is_digit(version[5]) ||
      version[6] != '.' || !is_digit(version[7]) || request_.method == "PRI")
    return fail(400, "malformed request line");
  if (version[5] != '1') return fail(505, "only HTTP/1.1 and HTTP/1.0 are spoken here");
  if (request_.method == "CONNECT" || request_.method == "TRACE")
    return fail(501, "method not supported");
  request_.http_1_0 = version[7] == '0';
  request_.keep_alive = !request_.http_1_0;
  stage_ = Stage::fields;
  on_target(target);
}

void RequestFramer::on_target(std::string_view target) {
  const auto parsed = parse_target(request_.method, target);
  if (!parsed) return fail(400, "malformed request target");
  request_.path = parsed->path;
  request_.query = parsed->query;
  authority_ = parsed->authority;
}

void RequestFramer::on_field(std::string_view line) {
  if (++header_count_ > limits_.header_count) return fail(431, "too many header fields");
  if (line.front() == ' ' || line.front() == '\t') return fail(400, "folded header field");
  const auto colon = line.find(':');
  if (colon == std::string_view::npos || !is_token(line.substr(0, colon)))
    return fail(400, "malformed header field");
  const auto value = trimmed(line.substr(colon + 1));
  if (!is_field_value(value)) return fail(400, "control character in a header field");
  auto name = to_lower(line.substr(0, colon));
  if (name == "host" && !is_host(value)) return fail(400, "malformed Host field");
  add_field(std::move(name), value);
}

void RequestFramer::add_field(std::string name, std::string_view value) {
  auto known = std::find_if(request_.headers.begin(), request_.headers.end(),
                            [&](const Header& header) { return header.name == name; });
  if (known == request_.headers.end()) {
    request_.headers.push_back({std::move(name), std::string(value)});
  } else if (name == "host") {
    fail(400, "more than one Host field");
  } else if (name == "content-length") {
    if (known->value != value) fail(400, "conflicting Content-Length");
  } else {
    // Proxies from HTTP/2 may hand a cookie field on in parts, which belong together as RFC 6265
    // says.
    known->value.append(name == "cookie" ? "; " : ", ").append(value);
  }
}

void RequestFramer::on_connection_options(std::string_view value) {
  bool close = false;
  bool keep = false;
  for_each_element(value, [&](std::string_view option) {
    close = close || equals_ignoring_case(option, "close");
    keep = keep || equals_ignoring_case(option, "keep-alive");
  });
  request_.keep_alive = !close && (keep || !request_.http_1_0);
}

// The fields are known: judges those that frame the message.
void RequestFramer::on_head_end() {
  const Header* length = nullptr;
  const Header* coding = nullptr;
  Header* host = nullptr;
  bool expects = false;
  for (auto& header : request_.headers) {
    if (header.name == "content-length") length = &header;
    if (header.name == "transfer-encoding") coding = &header;
    if (header.name == "host") host = &header;
    if (header.name == "connection") on_connection_options(header.value);
    if (header.name == "expect" && !request_.http_1_0) {
      if (!equals_ignoring_case(header.value, "100-continue"))
        return fail(417, "unknown expectation");
      expects = true;
    }
  }
  if (host == nullptr && !request_.http_1_0) return fail(400, "no Host field");
  const bool with_body = coding != nullptr || length != nullptr;

  if (coding != nullptr) {
    if (request_.http_1_0) return fail(400, "Transfer-Encoding in HTTP/1.0");
    if (length != nullptr) return fail(400, "both Content-Length and Transfer-Encoding");
    std::size_t codings = 0;
    bool unknown = false;
    for_each_element(coding->value, [&](std::string_view name) {
      ++codings;
      unknown = unknown || !equals_ignoring_case(name, "chunked");
    });
    if (unknown) return fail(501, "unknown transfer coding");
    if (codings != 1) return fail(400, "malformed Transfer-Encoding");
    stage_ = Stage::chunk_size;
  } else if (length != nullptr) {
    if (length->value.empty() || !std::all_of(length->value.begin(), length->value.end(), is_digit))
      return fail(400, "malformed Content-Length");
    const auto size = parse_whole<std::size_t>(length->value, 10);
    if (!size || *size > limits_.body) return fail(413, "body too large");
    body_left_ = *size;
    request_.body.reserve(std::min(body_left_, kFirstReservation));
  }
  if (coding == nullptr) stage_ = body_left_ == 0 ? Stage::complete : Stage::body;
  awaits_continue_ = expects && with_body && stage_ != Stage::complete;
  if (!authority_.empty()) {
    if (host != nullptr) {
      host->value = authority_;
    } else {
      request_.headers.push_back({"host", authority_});
    }
  }
}

void RequestFramer::take_body(std::string_view& bytes, Stage next) {
  const auto part = bytes.substr(0, body_left_);
  request_.body += part;
  request_.bytes += part.size();
  body_left_ -= part.size();
  bytes.remove_prefix(part.size());
  awaits_continue_ = false;
  if (body_left_ == 0) stage_ = next;
}

void RequestFramer::on_chunk_size(std::string_view line) {
  awaits_continue_ = false;
  const auto digits_end = line.find_first_not_of("0123456789abcdefABCDEF");
  const auto digits = line.substr(0, digits_end);
  const auto extension = line.substr(digits.size());
  extension_bytes_ += extension.size();
  if (digits.empty() || digits.size() > 16 || !is_field_value(extension) ||
      !(trimmed(extension).empty() || trimmed(extension).front() == ';'))
    return fail(400, "malformed chunk size");
  if (extension_bytes_ > limits_.header_bytes) return fail(400, "chunk extensions too large");
  const auto size = parse_whole<std::uint64_t>(digits, 16).value_or(UINT64_MAX);
  if (size > limits_.body - request_.body.size()) return fail(413, "body too large");
  body_left_ = size;
  stage_ = size == 0 ? Stage::trailers : Stage::chunk_data;
}

// Trailers are read for the framing's sake, judged as fields are, and forgotten.
void RequestFramer::on_trailer(std::string_view line) {
  if (line.empty()) {
    stage_ = Stage::complete;
    return;
  }
  if (++header_count_ > limits_.header_count) return fail(431, "too many header fields");
  const auto colon = line.find(':');
  if (colon == std::string_view::npos || !is_token(line.substr(0, colon)) ||
      !is_field_value(line.substr(colon + 1)))
    fail(400, "malformed trailer field");
}

}  // namespace calytics::gateway
