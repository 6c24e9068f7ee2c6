#include "track_support.hpp"

#include <simdjson.h>

#include "core/privacy/scrub.hpp"
#include "core/privacy/url.hpp"
#include "core/text/text.hpp"

namespace calytics::core::testing {

namespace {

bool is_clean(const std::optional<std::string_view>& text, std::size_t limit) {
  return !text || (!text->empty() && text->size() <= limit && is_valid_utf8(*text) &&
                   text->find('\0') == std::string_view::npos);
}

std::string broken_promise(const TrackedEvent& row, const TrackOptions& options) {
  for (const auto& text : {row.event_id, TrackedEvent::Text(row.session_id), row.service_id,
                           row.booking_uid, row.experiment, row.variant, row.referrer_host,
                           row.utm_source, row.utm_medium, row.utm_campaign}) {
    if (!is_clean(text, 200)) return "a name";
  }
  if (!is_clean(row.event_type, 64)) return "the type";
  if (!is_clean(row.url, kUrlLimit) || !is_clean(row.referrer, kUrlLimit)) return "a URL";
  if (!is_clean(row.ip_address, 45)) return "the IP address";
  if (!is_clean(row.properties, options.max_properties)) return "properties";
  if (row.properties) {
    simdjson::dom::parser parser;
    const auto parsed = parser.parse(row.properties->data(), row.properties->size());
    // jsonb takes integers of any length, simdjson's DOM doesn't.
    if (parsed.error() != simdjson::NUMBER_ERROR && !parsed.is_object()) return "JSON";
  }
  for (const auto& number : {row.booking_id, row.event_type_id, row.duration}) {
    if (number.value_or(0) < 0) return "a number";
  }
  if (row.happened_at > options.now) return "the future";
  if (row.late != (row.happened_at < options.now - options.late_after)) return "late";
  const bool attributed = row.visitor || row.user || row.ip_address || row.utm_source ||
                          row.utm_medium || row.utm_campaign;
  if (options.strict && attributed) return "attribution";
  for (const auto& text : {row.url, row.referrer}) {
    const bool whole = text.value_or("").size() < kUrlLimit;
    if (!text || !whole) continue;
    // The marker "[token]" may make a name look like a secret's.
    const PersonalDataCounts again = scrub_url(*text, UrlPart::all).found;
    if (again.total() > again.of(PersonalData::token)) return "personal data in a URL";
  }
  for (const auto& text : {row.service_id, row.experiment, row.variant}) {
    if (text && holds_personal_data(*text, NumberHint::identifier)) return "personal data";
  }
  return "";
}

}  // namespace

TrackOptions track_options() {
  TrackOptions options;
  options.now = kNow;
  options.visitor_salt = "today's salt";
  options.user_key = "a key of users";
  return options;
}

TrackContext track_context() {
  TrackContext context;
  context.ip_address = "203.0.113.77";
  context.user_agent = kChrome;
  return context;
}

std::string broken_promise(const TrackBatch& batch, const TrackOptions& options) {
  if (!is_clean(batch.problem, 1000)) return "problem";
  if ((batch.status == TrackStatus::judged || batch.status == TrackStatus::private_) ==
      batch.problem.has_value()) {
    return "status and problem disagree";
  }
  if (batch.status != TrackStatus::judged && !(batch.events.empty() && batch.rejects.empty())) {
    return "rows of a batch that was refused";
  }
  if (batch.status == TrackStatus::judged &&
      batch.events.size() + batch.rejects.size() != batch.received) {
    return "an event that is neither taken nor refused";
  }
  for (const Reject& reject : batch.rejects) {
    if (!is_clean(reject.reason, 1000) || reject.reason.empty()) return "a reason";
    if (reject.index >= batch.received) return "an index";
  }
  PersonalDataCounts removed;
  for (const TrackedEvent& row : batch.events) {
    if (row.index >= batch.received) return "an index";
    if (std::string broken = broken_promise(row, options); !broken.empty()) return broken;
    removed += row.removed;
  }
  return removed == batch.removed ? "" : "the sum of what was removed";
}

std::string all_texts(const TrackedEvent& row) {
  std::string all;
  for (const auto& text :
       {row.event_id, TrackedEvent::Text(row.session_id), TrackedEvent::Text(row.event_type),
        row.service_id, row.booking_uid, row.properties, row.experiment, row.variant,
        row.ip_address, row.url, row.referrer, row.referrer_host, row.utm_source, row.utm_medium,
        row.utm_campaign}) {
    all += text.value_or("");
    all += '\n';
  }
  return all;
}

}  // namespace calytics::core::testing
