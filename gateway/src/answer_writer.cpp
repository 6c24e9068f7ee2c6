#include "answer_writer.hpp"

#include <algorithm>
#include <array>
#include <ctime>

#include <Poco/DateTimeFormat.h>
#include <Poco/DateTimeFormatter.h>
#include <Poco/Net/HTTPResponse.h>
#include <Poco/Timestamp.h>

#include "log.hpp"
#include "text.hpp"

namespace calytics::gateway {
namespace {

constexpr std::array<std::string_view, 7> kOwnFields = {
    "date",       "content-length", "connection", "transfer-encoding",
    "keep-alive", "x-request-id",   "server"};

constexpr std::string_view kTransportSecurity = "Strict-Transport-Security";

struct Field {
  std::string_view name;
  std::string_view value;
};

// What browsers are told about every answer, unless it says so itself: nothing in it runs, loads or
// is shown within another page, its type is what it says, and no other origin embeds it.
constexpr std::array<Field, 5> kSecurityFields = {{
    {"Content-Security-Policy",
     "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"},
    {"Cross-Origin-Resource-Policy", "same-origin"},
    {"Referrer-Policy", "no-referrer"},
    {"X-Content-Type-Options", "nosniff"},
    {kTransportSecurity, "max-age=31536000"},
}};

bool is_own(std::string_view name) {
  return std::any_of(kOwnFields.begin(), kOwnFields.end(),
                     [&](std::string_view own) { return equals_ignoring_case(own, name); });
}

// The Date field's value, made anew once a second.
const std::string& http_date() {
  thread_local std::time_t second = 0;
  thread_local std::string text;
  const auto now = std::time(nullptr);
  if (now != second) {
    second = now;
    text = Poco::DateTimeFormatter::format(Poco::Timestamp::fromEpochTime(now),
                                           Poco::DateTimeFormat::HTTP_FORMAT);
  }
  return text;
}

void append_field(std::string& out, std::string_view name, std::string_view value) {
  out.append(name).append(": ").append(value).append("\r\n");
}

}  // namespace

std::string serialize(const Answer& answer, const AnswerFraming& framing) {
  const bool bodiless = answer.status == 204 || answer.status == 304;
  const auto status = static_cast<Poco::Net::HTTPResponse::HTTPStatus>(answer.status);
  std::string out;
  out.reserve(512 + answer.body.size());
  out.append("HTTP/1.1 ").append(std::to_string(answer.status)).append(" ");
  out.append(Poco::Net::HTTPResponse::getReasonForStatus(status)).append("\r\n");
  append_field(out, "Date", http_date());
  if (!bodiless && !framing.stream)
    append_field(out, "Content-Length", std::to_string(answer.body.size()));
  if (!framing.keep_alive) {
    append_field(out, "Connection", "close");
  } else if (framing.http_1_0) {
    append_field(out, "Connection", "keep-alive");
  }
  if (!framing.request_id.empty()) append_field(out, "X-Request-Id", framing.request_id);
  for (const auto& header : answer.headers) {
    if (is_own(header.name)) continue;
    if (!is_token(header.name) || !is_field_value(header.value)) {
      LogLine(LogLevel::error, "bad_answer_field").text("id", framing.request_id);
      continue;
    }
    append_field(out, header.name, header.value);
  }
  for (const auto& field : kSecurityFields) {
    if (field.name == kTransportSecurity && !framing.by_tls) continue;
    const auto said = [&](const Header& header) {
      return equals_ignoring_case(header.name, field.name);
    };
    if (std::none_of(answer.headers.begin(), answer.headers.end(), said))
      append_field(out, field.name, field.value);
  }
  out += "\r\n";
  if (!bodiless && !framing.head_only) out += answer.body;
  return out;
}

}  // namespace calytics::gateway
