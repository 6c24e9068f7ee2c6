#include "exchange.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <exception>
#include <random>
#include <string_view>
#include <utility>

#include <Poco/Net/HTTPResponse.h>

#include "log.hpp"
#include "text.hpp"

namespace calytics::gateway {
namespace {

constexpr std::string_view kIdHeader = "x-request-id";
constexpr std::string_view kPeerHeader = "x-calytics-peer";
constexpr std::string_view kAtOnceHeader = "x-calytics-at-once";
constexpr std::string_view kProtocolHeader = "x-forwarded-proto";
// With the gateway's name before it, it is PostgreSQL's application_name, of 63 bytes.
constexpr std::size_t kIdLimit = 46;

// 128 random bits: unique, not secret.
std::string make_id() {
  thread_local std::mt19937_64 random = [] {
    std::random_device device;
    std::seed_seq seed{device(), device(), device(), device(), device(), device()};
    return std::mt19937_64(seed);
  }();
  constexpr std::string_view hex = "0123456789abcdef";
  std::string id;
  for (int word = 0; word < 2; ++word) {
    auto bits = random();
    for (int digit = 0; digit < 16; ++digit, bits >>= 4)
      id += hex[bits & 0xf];
  }
  return id;
}

bool is_id(std::string_view text) {
  return !text.empty() && text.size() <= kIdLimit &&
         std::all_of(text.begin(), text.end(), [](char c) {
           const char lower = ascii_lower(c);
           return (lower >= 'a' && lower <= 'z') || is_digit(c) || c == '.' || c == '_' || c == '-';
         });
}

std::string choose_id(const std::vector<Header>& headers) {
  for (const auto& header : headers)
    if (header.name == kIdHeader && is_id(header.value)) return header.value;
  return make_id();
}

void append_member(std::string& json, std::string_view name, std::string_view value) {
  json += json.empty() ? '{' : ',';
  append_json_string(json, name);
  json += ':';
  append_json_text(json, value);
}

// As the database words its errors; the code is the status's name.
std::string error_body(int status, std::string_view reason, std::string_view id) {
  const auto code = static_cast<Poco::Net::HTTPResponse::HTTPStatus>(status);
  auto name = to_lower(Poco::Net::HTTPResponse::getReasonForStatus(code));
  for (char& c : name)
    if (c == ' ' || c == '-') c = '_';
  std::string json = R"({"error":{"code":)";
  append_json_string(json, name);
  json += R"(,"message":)";
  append_json_string(json, reason);
  json += R"(,"request_id":)";
  append_json_string(json, id);
  return json + "}}\n";
}

}  // namespace

Exchange::Exchange(Request request, std::shared_ptr<AnswerSink> sink, MemoryCharge charge)
    : request_(std::move(request)),
      sink_(std::move(sink)),
      charge_(std::move(charge)),
      id_(choose_id(request_.headers)) {}

Exchange::~Exchange() {
  if (answered()) return;
  try {
    answer(unavailable_answer("not answered"));
  } catch (const std::exception& error) {
    LogLine(LogLevel::error, "answer_failed").text("id", id_).text("reason", error.what());
  }
}

// True once, for it and its twin together.
bool Exchange::claim() {
  if (std::exchange(answered_, true)) return false;
  return taken_ == nullptr || !taken_->exchange(true);
}

std::unique_ptr<Exchange> Exchange::twin() {
  taken_ = std::make_shared<std::atomic<bool>>(answered_);
  Request request = request_;
  request.body.clear();
  auto other = std::make_unique<Exchange>(std::move(request), sink_, charge_.none());
  other->id_ = id_;
  other->arrived_ = arrived_;
  other->taken_ = taken_;
  return other;
}

std::string Exchange::headers_json(bool at_once) const {
  std::string json;
  json.reserve(1024);
  append_member(json, kPeerHeader, sink_->peer());
  append_member(json, kIdHeader, id_);
  if (at_once) append_member(json, kAtOnceHeader, "1");
  for (const auto& header : request_.headers)
    if (header.name != kPeerHeader && header.name != kIdHeader && header.name != kAtOnceHeader)
      append_member(json, header.name, header.value);
  json += '}';
  return json;
}

std::string_view Exchange::header(std::string_view name) const {
  for (const auto& header : request_.headers)
    if (header.name == name) return header.value;
  return {};
}

void Exchange::answer(Answer answer) {
  if (!claim()) return;
  sink_->complete(request_, answer);
  auto directives = take_directives(answer);
  const bool streams =
      !directives.channels.empty() && answer.status == 200 && request_.method != "HEAD";
  if (streams && begin_stream(answer, directives)) return;
  deliver(streams ? unavailable_answer("no room for another stream of events") : std::move(answer),
          directives.request_class);
}

bool Exchange::begin_stream(const Answer& answer, Directives& directives) {
  auto head = serialize(answer, framing(false, true));
  const auto size = head.size();
  const bool begun =
      sink_->deliver_stream(std::move(head), {.channels = std::move(directives.channels),
                                              .last_event_id = std::string(header("last-event-id")),
                                              .lifetime = directives.lifetime,
                                              .request_id = id_});
  if (!begun) return false;
  charge_.resize(0);
  count(answer.status, size, directives.request_class);
  log(answer.status, size);
  return true;
}

void Exchange::deliver(Answer answer, std::string_view request_class) {
  if (answer.is_error) answer.body = error_body(answer.status, answer.body, id_);
  const bool keep_alive = request_.keep_alive && sink_->stays_open();
  auto bytes = serialize(answer, framing(keep_alive, false));
  const auto size = bytes.size();
  // The sink may release the client, whose next request has to find room.
  charge_.resize(0);
  // Whoever has the answer finds it counted.
  count(answer.status, size, request_class);
  sink_->deliver(std::move(bytes), !keep_alive);
  log(answer.status, size);
}

AnswerFraming Exchange::framing(bool keep_alive, bool stream) const {
  return {.head_only = request_.method == "HEAD",
          .keep_alive = keep_alive,
          .stream = stream,
          .http_1_0 = request_.http_1_0,
          .by_tls = equals_ignoring_case(header(kProtocolHeader), "https"),
          .request_id = id_};
}

double Exchange::seconds() const {
  return std::chrono::duration<double>(Clock::now() - arrived_).count();
}

void Exchange::count(int status, std::size_t size, std::string_view request_class) const {
  sink_->count({.request_class = request_class,
                .status = status,
                .seconds = seconds(),
                .bytes_in = request_.bytes,
                .bytes_out = size});
}

void Exchange::log(int status, std::size_t size) const {
  LogLine(LogLevel::info, "request")
      .text("id", id_)
      .text("method", request_.method)
      .text("path", request_.path)
      .number("status", status)
      .number("bytes_in", static_cast<std::int64_t>(request_.bytes))
      .number("bytes_out", static_cast<std::int64_t>(size))
      .milliseconds("ms", seconds() * 1000)
      .text("peer", sink_->peer());
}

}  // namespace calytics::gateway
