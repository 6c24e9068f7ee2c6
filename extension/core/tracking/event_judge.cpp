#include "core/tracking/event_judge.hpp"

#include <algorithm>
#include <utility>

#include "core/privacy/number_run.hpp"
#include "core/privacy/scrub.hpp"
#include "core/privacy/session_id.hpp"
#include "core/text/ascii.hpp"
#include "core/text/limits.hpp"
#include "core/text/text.hpp"

namespace calytics::core {

namespace {

using Text = std::optional<std::string_view>;

// No request takes as long: a clock that says so is behind.
constexpr std::int64_t kLongestWay = std::int64_t{60} * 1'000'000;
constexpr std::int64_t kEarliest = 946'684'800'000'000;  // 2000-01-01

bool is_event_type(std::string_view text) noexcept {
  constexpr std::size_t kLongest = 64;
  return text.size() <= kLongest && text.front() >= 'A' && text.front() <= 'Z' &&
         std::ranges::all_of(
             text, [](char c) { return (c >= 'A' && c <= 'Z') || is_digit(c) || c == '_'; });
}

bool is_booking_uid(std::string_view text) noexcept {
  return std::ranges::all_of(text,
                             [](char c) { return is_alphanumeric(c) || c == '_' || c == '-'; });
}

const Text& first_of(const Text& a, const Text& b) noexcept {
  return a ? a : b;
}

}  // namespace

void EventJudge::begin(const TrackContext& context, const Client& batch,
                       const TrackOptions& options) {
  // A request's headers may hold any bytes.
  const auto repaired = [this](const Text& text) -> Text {
    if (!text || (is_valid_utf8(*text) && text->find('\0') == std::string_view::npos)) return text;
    std::string buffer;
    append_repaired(buffer, *text);
    return texts_.store(buffer);
  };
  options_ = options;
  client_.user_id = first_of(batch.user_id, repaired(context.user_id));
  client_.referrer = first_of(batch.referrer, repaired(context.referrer));
  client_.url = first_of(batch.url, repaired(context.url));
  client_.sent_at = batch.sent_at;
  client_.user_agent = repaired(context.user_agent);
  client_.ip_address = context.ip_address;
  if (options.body_names_client) {
    client_.user_agent = first_of(batch.user_agent, client_.user_agent);
    client_.ip_address = first_of(batch.ip_address, client_.ip_address);
  }
  session_.forget();
  address_.forget();
  agent_.forget();
  user_.forget();
  url_.forget();
  referrer_.forget();
  visitor_.reset();
  visitor_address_.reset();
  visitor_agent_.reset();
}

Text EventJudge::judge(const RawEvent& event, TrackedEvent& row) {
  if (!event.problem.empty()) return event.problem;
  if (const Text problem = take_identity(event, row)) return problem;
  take_time(event, row);
  if (row.happened_at < kEarliest) {
    return "timestamp lies before the year 2000: send milliseconds, not seconds, since 1970";
  }
  row.booking_id = event.booking_id;
  row.event_type_id = event.event_type_id;
  row.duration = event.duration;
  take_client(event, row);
  take_pages(event, row);
  take_texts(event, row);
  return std::nullopt;
}

Text EventJudge::take_identity(const RawEvent& event, TrackedEvent& row) {
  if (!event.session_id) return "sessionId is missing: send the visitor's session as a text";
  if (!event.event_type) return "eventType is missing: send what happened, as SERVICE_VIEW";
  if (!is_event_type(*event.event_type)) {
    return "eventType is not a name in capitals: send letters, digits and '_', at most 64, as "
           "SERVICE_VIEW";
  }
  if (event.booking_uid && !is_booking_uid(*event.booking_uid)) {
    return "bookingUid is not a uid: send Cal.com's, of letters, digits, '_' and '-'";
  }
  row.event_type = *event.event_type;
  row.booking_uid = event.booking_uid;

  const Identifier& session =
      session_.of(*event.session_id, [this](std::string_view text) { return identifier(text); });
  if (!session.text) return "sessionId looks like personal data: send a random one";
  row.session_id = *session.text;
  if (event.event_id) {
    row.event_id = identifier(*event.event_id).text;
    if (!row.event_id) return "eventId looks like personal data: send a random one";
  }
  return std::nullopt;
}

void EventJudge::take_time(const RawEvent& event, TrackedEvent& row) const {
  row.happened_at = event.happened_at.value_or(options_.now);
  if (event.happened_at && client_.sent_at) {
    // A clock that may be right is left alone: what requests take differs, and would shuffle
    // events.
    const std::int64_t behind = options_.now - *client_.sent_at;
    if (behind < 0 || behind > kLongestWay) row.happened_at += behind;
  }
  row.from_future = row.happened_at > options_.now;
  if (row.from_future) row.happened_at = options_.now;
  row.late = row.happened_at < options_.now - options_.late_after;
}

void EventJudge::take_client(const RawEvent& event, TrackedEvent& row) {
  const bool named = options_.body_names_client;
  const Text& agent = named ? first_of(event.user_agent, client_.user_agent) : client_.user_agent;
  const Text& ip = named ? first_of(event.ip_address, client_.ip_address) : client_.ip_address;
  const Text& user = first_of(event.user_id, client_.user_id);

  if (agent) {
    const UserAgent& known = agent_.of(*agent, classify_user_agent);
    row.bot = known.bot;
    row.device = known.device;
    row.browser = known.browser;
  }
  if (options_.strict) return;

  if (user && !user->empty()) {
    row.user =
        user_.of(*user, [this](std::string_view id) { return pseudonym(options_.user_key, id); });
  }
  if (!ip) return;
  const Address& known = address_.of(*ip, [this](std::string_view text) { return address(text); });
  row.ip_address = known.text;
  if (!known.ip) return;
  if (visitor_address_ != ip || visitor_agent_ != agent) {
    visitor_ = visitor_pseudonym(options_.visitor_salt, *known.ip, agent.value_or(""));
    visitor_address_ = ip;
    visitor_agent_ = agent;
  }
  row.visitor = visitor_;
}

void EventJudge::take_pages(const RawEvent& event, TrackedEvent& row) {
  const UrlPart page = options_.strict ? UrlPart::without_query : UrlPart::all;
  const UrlPart origin = options_.strict ? UrlPart::origin : UrlPart::all;
  if (const Text& text = first_of(event.url, client_.url)) {
    const StoredUrl& known = url_.of(*text, [&](auto address) { return url(address, page); });
    row.url = known.text;
    row.utm_source = known.utm_source;
    row.utm_medium = known.utm_medium;
    row.utm_campaign = known.utm_campaign;
    row.removed += known.found;
  }
  if (const Text& text = first_of(event.referrer, client_.referrer)) {
    const StoredUrl& known =
        referrer_.of(*text, [&](auto address) { return url(address, origin); });
    row.referrer = known.text;
    row.referrer_host = known.host;
    row.removed += known.found;
  }
}

void EventJudge::take_texts(const RawEvent& event, TrackedEvent& row) {
  row.service_id = scrubbed(event.service_id, row.removed);
  row.experiment = scrubbed(event.experiment, row.removed);
  row.variant = scrubbed(event.variant, row.removed);
  if (!event.properties) return;
  const Properties& properties = *event.properties;
  if (!properties.empty) row.properties = properties.json;
  row.experiment = first_of(row.experiment, properties.experiment);
  row.variant = first_of(row.variant, properties.variant);
  if (!options_.strict) {
    row.utm_source = first_of(row.utm_source, properties.utm_source);
    row.utm_medium = first_of(row.utm_medium, properties.utm_medium);
    row.utm_campaign = first_of(row.utm_campaign, properties.utm_campaign);
  }
  row.removed += properties.removed;
}

// One that holds personal data stays an identifier, but not a legible one.
EventJudge::Identifier EventJudge::identifier(std::string_view text) {
  if (is_uuid(text) || !holds_personal_data(text, NumberHint::identifier)) return {text};
  const std::optional<Pseudonym> hidden = pseudonym(options_.user_key, text);
  if (!hidden) return {};
  return {texts_.store(to_hex(*hidden))};
}

EventJudge::Address EventJudge::address(std::string_view text) {
  Address result;
  result.ip = IpAddress::parse(text);
  if (!result.ip) return result;
  IpAddress::Text buffer;
  const IpAddress kept = options_.anonymize_ip ? result.ip->anonymized() : *result.ip;
  result.text = stored(kept.text(buffer));
  return result;
}

EventJudge::StoredUrl EventJudge::url(std::string_view text, UrlPart part) {
  const Url url = scrub_url(text, part);
  return {stored(url.text),       stored(url.host),         stored(url.utm_source),
          stored(url.utm_medium), stored(url.utm_campaign), url.found};
}

Text EventJudge::scrubbed(Text text, PersonalDataCounts& removed) {
  if (!text || !holds_personal_data(*text, NumberHint::identifier)) return text;
  std::string buffer;
  append_scrubbed(buffer, *text, NumberHint::identifier, Encoding::text, removed);
  return stored(truncate_utf8(buffer, kNameLimit));
}

Text EventJudge::stored(std::string_view text) {
  return text.empty() ? std::nullopt : Text(texts_.store(text));
}

}  // namespace calytics::core
