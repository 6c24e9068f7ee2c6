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
  if (!bodiless) append_field(out, "Content-Length", std::to_string(answer.body.size()));
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
  out += "\r\n";
  if (!bodiless && !framing.head_only) out += answer.body;
  return out;
}

}  // namespace calytics::gateway
