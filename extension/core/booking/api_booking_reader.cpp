#include "core/booking/api_booking_reader.hpp"

#include <algorithm>
#include <vector>

#include "core/booking/attendee_reader.hpp"
#include "core/booking/codes.hpp"
#include "core/booking/host_reader.hpp"
#include "core/booking/metadata_reader.hpp"
#include "core/text/json_fields.hpp"
#include "core/text/limits.hpp"

namespace calytics::core {

namespace {

using Text = Webhook::Text;

struct Item {
  Webhook& row;
  std::string_view person_key;
  AnswerReader& answers;
  std::string& metadata;

  std::vector<Host> hosts = {};
  Text cancelled_by = {};
  Webhook::Flag absent_host = {};
};

template <class T>
T& slot(Item& item, T Webhook::*member) {
  return item.row.*member;
}

JsonError event_type(Item& item, TextStore& texts, JsonValue& value) {
  return visit_members(value, texts, [&](std::string_view name, JsonValue& member) {
    if (name == "id") item.row.event_type_id = read_number(member);
    if (name == "slug") item.row.service = read_text(member, texts, kNameLimit);
    return simdjson::SUCCESS;
  });
}

JsonError hosts(Item& item, TextStore& texts, JsonValue& value) {
  item.hosts.clear();
  return visit_elements(value, [&](JsonValue& element) {
    Host host;
    const JsonError error = read_host(element, texts, host);
    item.hosts.push_back(host);
    return error;
  });
}

JsonError attendees(Item& item, TextStore& texts, JsonValue& value) {
  AttendeeCounts counts;
  return read_attendees(value, item.person_key, texts, item.row.attendees, counts);
}

JsonError answers(Item& item, TextStore& texts, JsonValue& value) {
  return item.answers.read(value, texts);
}

JsonError metadata(Item& item, TextStore& texts, JsonValue& value) {
  return read_metadata(value, texts, item.metadata, item.row);
}

// Price, currency and the service's title are the event type's, which the items don't tell: whoever
// asked the API puts them beside (sql/sync_step.sql).
constexpr auto kFields = std::to_array<Field<Item>>({
    {"absentHost", flag<Item, &Item::absent_host>},
    {"attendees", attendees},
    {"bookingFieldsResponses", answers},
    {"cancellationReason", text<Item, &Webhook::reason, kProseLimit>},
    {"cancelledByEmail", contact<Item, &Item::cancelled_by, kPersonLimit>},
    {"createdAt", instant<Item, &Webhook::created_at>},
    {"currency", text<Item, &Webhook::currency, kNameLimit>},
    {"end", instant<Item, &Webhook::ends_at>},
    {"eventTitle", text<Item, &Webhook::service_title, kProseLimit>},
    {"eventType", event_type},
    {"hosts", hosts},
    {"id", number<Item, &Webhook::booking_id>},
    {"location", text<Item, &Webhook::location, kProseLimit>},
    {"metadata", metadata},
    {"price", number<Item, &Webhook::price>},
    {"recurringBookingUid", text<Item, &Webhook::series, kNameLimit>},
    {"rescheduledFromUid", text<Item, &Webhook::reschedule_uid, kUidLimit>},
    {"rescheduledToUid", text<Item, &Webhook::superseded_by, kUidLimit>},
    {"start", instant<Item, &Webhook::starts_at>},
    {"status", text<Item, &Webhook::status, kNameLimit>},
    {"title", text<Item, &Webhook::title, kProseLimit>},
    {"uid", text<Item, &Webhook::uid, kUidLimit>},
});
static_assert(is_sorted(kFields));

std::optional<CancelledBy> who_cancelled(const Item& item) {
  if (!item.cancelled_by) return std::nullopt;
  const auto is_theirs = [&item](const Text& address) {
    return address && equal_ignoring_case(*address, *item.cancelled_by);
  };
  if (std::ranges::any_of(item.hosts, is_theirs, &Host::email)) return CancelledBy::host;
  const bool by_customer = std::ranges::any_of(item.row.attendees, is_theirs, &Attendee::email);
  return by_customer ? CancelledBy::customer : CancelledBy::other;
}

void finish(const Item& item, const AnswerReader& answers, TextStore& texts) {
  Webhook& row = item.row;
  row.status = upper_case(row.status, texts);
  row.currency = currency_code(row.currency, texts);
  if (!item.hosts.empty()) {
    const Host& host = item.hosts.front();
    row.host_id = host.id;
    row.host = host.username;
    row.host_name = host.name;
    row.host_email = host.email;
    row.host_time_zone = host.time_zone;
  }
  row.recurring = row.series.has_value();
  row.host_no_show = item.absent_host.value_or(false);
  row.cancelled_by = who_cancelled(item);
  if (!row.reason) row.reason = answers.reschedule_reason();
  row.notes = answers.notes();
  row.answers = answers.json();
}

}  // namespace

JsonError ApiBookingReader::read(JsonValue& booking, std::string_view person_key, Webhook& row) {
  answers_.clear();
  Item item{.row = row, .person_key = person_key, .answers = answers_, .metadata = metadata_};
  const JsonError error = read_members(item, texts_, booking, kFields);
  finish(item, answers_, texts_);
  return error;
}

}  // namespace calytics::core
