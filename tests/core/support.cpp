#include "support.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <sstream>
#include <stdexcept>

#include <simdjson.h>

#include "core/text/text.hpp"

namespace calytics::core::testing {

namespace {

bool is_clean(const Webhook::Text& text, std::size_t limit) {
  return !text || (!text->empty() && text->size() <= limit && is_valid_utf8(*text) &&
                   text->find('\0') == std::string_view::npos);
}

bool is_clean_json(const Webhook::Text& text) {
  if (!text) return true;
  if (!is_clean(text, std::size_t{65} * 1024)) return false;
  simdjson::dom::parser parser;
  return parser.parse(text->data(), text->size()).is_object();
}

bool is_not_negative(const Webhook::Number& number) {
  return number.value_or(0) >= 0;
}

std::string iso(std::int64_t instant) {
  const std::int64_t day_start = instant - ((instant % 1'000'000) + 1'000'000) % 1'000'000;
  const std::time_t seconds = day_start / 1'000'000;
  std::tm fields{};
  gmtime_r(&seconds, &fields);
  char text[64];
  std::strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", &fields);
  std::string out = text;
  if (const std::int64_t rest = instant - day_start; rest != 0) {
    std::snprintf(text, sizeof text, ".%06d", static_cast<int>(rest));
    out += text;
  }
  return out;
}

class Lines {
 public:
  void line(std::string_view name, std::string_view value) {
    out_ << name << ": " << value << '\n';
  }
  void add(std::string_view name, const Webhook::Text& value) {
    if (value) line(name, *value);
  }
  void add(std::string_view name, const Webhook::Number& value) {
    if (value) line(name, std::to_string(*value));
  }
  void add(std::string_view name, const Webhook::Flag& value) {
    if (value) line(name, *value ? "true" : "false");
  }
  void add_instant(std::string_view name, const Webhook::Instant& value) {
    if (value) line(name, iso(*value));
  }
  void add_if(std::string_view name, bool value) {
    if (value) line(name, "true");
  }
  std::string text() const { return out_.str(); }

 private:
  std::ostringstream out_;
};

}  // namespace

std::string payload(std::string_view name) {
  std::ifstream file(std::filesystem::path(CALYTICS_PAYLOADS) / name, std::ios::binary);
  if (!file) throw std::runtime_error("no payload " + std::string(name));
  return {std::istreambuf_iterator<char>(file), {}};
}

std::vector<std::string> payload_names() {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(CALYTICS_PAYLOADS)) {
    names.push_back(entry.path().filename().string());
  }
  std::erase(names, "manifest.json");
  std::ranges::sort(names);
  return names;
}

std::mt19937_64 make_generator() {
  const char* given = std::getenv("CALYTICS_SEED");
  const std::uint64_t seed = given != nullptr ? std::stoull(given) : std::random_device()();
  std::cout << "CALYTICS_SEED=" << seed << '\n';
  return std::mt19937_64(seed);
}

std::string hex(const Sha256Digest& digest) {
  std::string text;
  for (const std::uint8_t byte : digest) {
    text += "0123456789abcdef"[byte >> 4];
    text += "0123456789abcdef"[byte & 15];
  }
  return text;
}

std::string describe(const Webhook& row) {
  constexpr std::string_view kEnvelopes[] = {"standard", "flat", "form", "template", "unreadable"};
  constexpr std::string_view kKinds[] = {"booking", "ping", "other", "unreadable"};
  constexpr std::string_view kCancellers[] = {"host", "customer", "other"};

  Lines lines;
  lines.line("envelope", kEnvelopes[static_cast<std::size_t>(row.envelope)]);
  lines.line("kind", kKinds[static_cast<std::size_t>(row.kind)]);
  lines.add("problem", row.problem);
  lines.add("trigger", row.trigger);
  lines.add_instant("happened_at", row.happened_at);
  lines.add("uid", row.uid);
  lines.add("booking_id", row.booking_id);
  lines.add("status", row.status);
  lines.add("reschedule_uid", row.reschedule_uid);
  lines.add("reschedule_booking_id", row.reschedule_booking_id);
  lines.add_instant("reschedule_starts_at", row.reschedule_starts_at);
  lines.add_instant("reschedule_ends_at", row.reschedule_ends_at);
  lines.add("event_type_id", row.event_type_id);
  lines.add("service", row.service);
  lines.add("service_title", row.service_title);
  lines.add_instant("starts_at", row.starts_at);
  lines.add_instant("ends_at", row.ends_at);
  lines.add("price", row.price);
  lines.add("currency", row.currency);
  lines.add("host_id", row.host_id);
  lines.add("host", row.host);
  lines.add("host_name", row.host_name);
  lines.add("host_email", row.host_email);
  lines.add("host_time_zone", row.host_time_zone);
  lines.add("seats_per_slot", row.seats_per_slot);
  lines.add("seat_id", row.seat_id);
  lines.add_if("single_seat", row.single_seat);
  lines.add_if("recurring", row.recurring);
  lines.add("series", row.series);
  lines.add("requires_confirmation", row.requires_confirmation);
  lines.add("payment_id", row.payment_id);
  lines.add("paid", row.paid);
  lines.add("request_reschedule", row.request_reschedule);
  if (row.cancelled_by) {
    lines.line("cancelled_by", kCancellers[static_cast<std::size_t>(*row.cancelled_by)]);
  }
  lines.add("reason", row.reason);
  lines.add_if("host_no_show", row.host_no_show);
  lines.add("title", row.title);
  lines.add("location", row.location);
  lines.add("notes", row.notes);
  lines.add("answers", row.answers);
  lines.add("metadata", row.metadata);
  lines.add("session", row.session);
  for (const Attendee& attendee : row.attendees) {
    const std::string prefix = "attendee " + std::to_string(attendee.position) + ' ';
    lines.add(prefix + "email", attendee.email);
    lines.add(prefix + "name", attendee.name);
    lines.add(prefix + "phone", attendee.phone);
    lines.add(prefix + "time_zone", attendee.time_zone);
    lines.add(prefix + "locale", attendee.locale);
    lines.add(prefix + "no_show", attendee.no_show);
  }
  return lines.text();
}

std::string broken_promise(const Webhook& row) {
  for (const auto& text : {row.trigger, row.status, row.service, row.host, row.host_time_zone,
                           row.seat_id, row.series}) {
    if (!is_clean(text, 200)) return "a name";
  }
  if (!is_clean(row.uid, 255) || !is_clean(row.reschedule_uid, 255)) return "a uid";
  if (!is_clean(row.host_name, 320) || !is_clean(row.host_email, 320)) return "the host";
  for (const auto& text :
       {row.service_title, row.title, row.location, row.notes, row.reason, row.problem}) {
    if (!is_clean(text, 10'000)) return "a long text";
  }
  if (!is_clean_json(row.answers)) return "answers";
  if (!is_clean_json(row.metadata)) return "metadata";
  for (const auto& number : {row.booking_id, row.reschedule_booking_id, row.event_type_id,
                             row.price, row.host_id, row.seats_per_slot, row.payment_id}) {
    if (!is_not_negative(number)) return "a number";
  }
  if (row.currency && row.currency->size() != 3) return "currency";

  if (row.attendees.size() > 1000) return "too many attendees";
  for (const Attendee& attendee : row.attendees) {
    if (!attendee.email && !attendee.phone) return "an attendee without identity";
    for (const auto& text :
         {attendee.email, attendee.name, attendee.phone, attendee.time_zone, attendee.locale}) {
      if (!is_clean(text, 320)) return "an attendee";
    }
    const auto same = [&](const Attendee& other) { return other.id == attendee.id; };
    if (row.attendees.size() < 50 && std::ranges::count_if(row.attendees, same) != 1) {
      return "one person twice";
    }
  }

  const bool readable = row.envelope == Envelope::standard || row.envelope == Envelope::flat;
  if ((row.kind == Kind::unreadable) != row.problem.has_value()) return "kind and problem disagree";
  if (row.kind != Kind::unreadable && (!readable || !row.trigger)) return "kind without trigger";
  if (row.kind == Kind::booking && !row.uid) return "a booking without uid";
  if (row.envelope == Envelope::unreadable && (row.trigger || row.uid)) return "rests of a body";
  return "";
}

}  // namespace calytics::core::testing
