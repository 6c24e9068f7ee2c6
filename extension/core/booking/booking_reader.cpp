#include "core/booking/booking_reader.hpp"

#include <algorithm>
#include <array>
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
using Flag = Webhook::Flag;

struct EventType {
  Webhook::Number id;
  Text slug;
  Text title;
};

// A booking while it is read: the row, and whatever has several sources to choose from in the end.
struct Draft {
  Draft(Webhook& row, std::string_view person_key, AnswerReader& answers, std::string& metadata)
      : row(row), person_key(person_key), answers(answers), metadata(metadata) {
    answers.clear();
  }

  Webhook& row;
  std::string_view person_key;
  AnswerReader& answers;
  std::string& metadata;

  Text uid;
  Text booking_uid;
  Webhook::Number id;
  Webhook::Number booking_id;
  Text reschedule_uid;
  Text from_reschedule;
  Webhook::Number event_type_id;
  EventType event_type;
  Text type;
  Text event_title;
  Host organizer;
  Host user;
  Webhook::Number user_id;
  Text user_primary_email;
  std::vector<std::string_view> team_emails;
  Text attendee_seat_id;
  Text seat_reference_uid;
  AttendeeCounts attendee_counts;
  bool recurring_event = false;
  Flag paid;
  Flag no_show_host;
  Text cancelled_by;
  Text cancellation_reason;
  Text rejection_reason;
  Text additional_notes;
};

template <class T>
T& slot(Draft& draft, T Webhook::*member) {
  return draft.row.*member;
}

constexpr auto kEventTypeFields = std::to_array<Field<EventType>>({
    {"id", number<EventType, &EventType::id>},
    {"slug", text<EventType, &EventType::slug, kNameLimit>},
    {"title", text<EventType, &EventType::title, kProseLimit>},
});
static_assert(is_sorted(kEventTypeFields));

template <Host Draft::*member>
JsonError host(Draft& draft, TextStore& texts, JsonValue& value) {
  return read_host(value, texts, draft.*member);
}

JsonError event_type(Draft& draft, TextStore& texts, JsonValue& value) {
  draft.event_type = {};
  return read_members(draft.event_type, texts, value, kEventTypeFields);
}

JsonError team(Draft& draft, TextStore& texts, JsonValue& value) {
  draft.team_emails.clear();
  return visit_members(value, texts, [&](std::string_view name, JsonValue& members) {
    if (name != "members") return simdjson::SUCCESS;
    return visit_elements(members, [&](JsonValue& element) {
      Host member;
      const JsonError error = read_host(element, texts, member);
      if (member.email) draft.team_emails.push_back(*member.email);
      return error;
    });
  });
}

JsonError attendees(Draft& draft, TextStore& texts, JsonValue& value) {
  return read_attendees(value, draft.person_key, texts, draft.row.attendees, draft.attendee_counts);
}

JsonError recurring_event(Draft& draft, TextStore& /*texts*/, JsonValue& value) {
  draft.recurring_event = is_object(value);
  return simdjson::SUCCESS;
}

JsonError responses(Draft& draft, TextStore& texts, JsonValue& value) {
  return draft.answers.read(value, texts);
}

JsonError metadata(Draft& draft, TextStore& texts, JsonValue& value) {
  return read_metadata(value, texts, draft.metadata, draft.row);
}

constexpr auto kBookingFields = std::to_array<Field<Draft>>({
    {"additionalNotes", text<Draft, &Draft::additional_notes, kProseLimit>},
    {"attendeeSeatId", text<Draft, &Draft::attendee_seat_id, kNameLimit>},
    {"attendees", attendees},
    {"bookingId", number<Draft, &Draft::booking_id>},
    {"bookingUid", text<Draft, &Draft::booking_uid, kUidLimit>},
    {"cancellationReason", text<Draft, &Draft::cancellation_reason, kProseLimit>},
    {"cancelledBy", contact<Draft, &Draft::cancelled_by, kPersonLimit>},
    {"currency", text<Draft, &Webhook::currency, kNameLimit>},
    {"endTime", instant<Draft, &Webhook::ends_at>},
    {"eventTitle", text<Draft, &Draft::event_title, kProseLimit>},
    {"eventType", event_type},
    {"eventTypeId", number<Draft, &Draft::event_type_id>},
    {"fromReschedule", text<Draft, &Draft::from_reschedule, kUidLimit>},
    {"id", number<Draft, &Draft::id>},
    {"location", text<Draft, &Webhook::location, kProseLimit>},
    {"metadata", metadata},
    {"noShowHost", flag<Draft, &Draft::no_show_host>},
    {"organizer", host<&Draft::organizer>},
    {"paid", flag<Draft, &Draft::paid>},
    {"paymentId", number<Draft, &Webhook::payment_id>},
    {"price", number<Draft, &Webhook::price>},
    {"recurringEvent", recurring_event},
    {"recurringEventId", text<Draft, &Webhook::series, kNameLimit>},
    {"rejectionReason", text<Draft, &Draft::rejection_reason, kProseLimit>},
    {"requestReschedule", flag<Draft, &Webhook::request_reschedule>},
    {"requiresConfirmation", flag<Draft, &Webhook::requires_confirmation>},
    {"rescheduleEndTime", instant<Draft, &Webhook::reschedule_ends_at>},
    {"rescheduleId", number<Draft, &Webhook::reschedule_booking_id>},
    {"rescheduleStartTime", instant<Draft, &Webhook::reschedule_starts_at>},
    {"rescheduleUid", text<Draft, &Draft::reschedule_uid, kUidLimit>},
    {"responses", responses},
    {"seatReferenceUid", text<Draft, &Draft::seat_reference_uid, kNameLimit>},
    {"seatsPerTimeSlot", number<Draft, &Webhook::seats_per_slot>},
    {"startTime", instant<Draft, &Webhook::starts_at>},
    {"status", text<Draft, &Webhook::status, kNameLimit>},
    {"team", team},
    {"title", text<Draft, &Webhook::title, kProseLimit>},
    {"type", text<Draft, &Draft::type, kNameLimit>},
    {"uid", text<Draft, &Draft::uid, kUidLimit>},
    {"user", host<&Draft::user>},
    {"userId", number<Draft, &Draft::user_id>},
    {"userPrimaryEmail", contact<Draft, &Draft::user_primary_email, kPersonLimit>},
});
static_assert(is_sorted(kBookingFields));

template <class T>
std::optional<T> first_of(const std::optional<T>& last) {
  return last;
}

template <class T, class... Rest>
std::optional<T> first_of(const std::optional<T>& first, const Rest&... rest) {
  return first ? first : first_of(rest...);
}

std::optional<CancelledBy> who_cancelled(const Draft& draft) {
  if (!draft.cancelled_by) return std::nullopt;
  const auto is_theirs = [&draft](const Text& address) {
    return address && equal_ignoring_case(*address, *draft.cancelled_by);
  };
  const bool by_host = is_theirs(draft.organizer.email) || is_theirs(draft.user.email) ||
                       is_theirs(draft.user_primary_email) ||
                       std::ranges::any_of(draft.team_emails, is_theirs);
  if (by_host) return CancelledBy::host;
  const bool by_customer = std::ranges::any_of(draft.row.attendees, is_theirs, &Attendee::email);
  return by_customer ? CancelledBy::customer : CancelledBy::other;
}

// Chooses among the sources, and settles what depends on several members.
void finish(const Draft& draft, TextStore& texts) {
  Webhook& row = draft.row;
  const bool flat = row.envelope == Envelope::flat;

  row.uid = first_of(draft.uid, draft.booking_uid);
  row.booking_id = flat ? first_of(draft.id, draft.booking_id) : draft.booking_id;
  row.status = upper_case(row.status, texts);
  row.reschedule_uid = first_of(draft.reschedule_uid, flat ? draft.from_reschedule : Text());
  row.event_type_id = first_of(draft.event_type_id, draft.event_type.id);
  row.service = first_of(draft.type, draft.event_type.slug);
  row.service_title = first_of(draft.event_title, draft.event_type.title);
  row.currency = currency_code(row.currency, texts);

  row.host_id = first_of(draft.organizer.id, draft.user_id, draft.user.id);
  row.host = first_of(draft.organizer.username, draft.user.username);
  row.host_name = first_of(draft.organizer.name, draft.user.name);
  row.host_email = first_of(draft.organizer.email, draft.user.email, draft.user_primary_email);
  row.host_time_zone = first_of(draft.organizer.time_zone, draft.user.time_zone);

  row.seat_id = first_of(draft.attendee_seat_id, draft.seat_reference_uid);
  row.single_seat = !flat && draft.attendee_counts.all == 1 && draft.attendee_counts.stored == 1;
  row.recurring = draft.recurring_event || row.series.has_value();

  if (flat) row.paid = draft.paid;
  row.host_no_show = flat && draft.no_show_host.value_or(false);
  row.cancelled_by = who_cancelled(draft);
  row.reason = first_of(draft.cancellation_reason, draft.rejection_reason,
                        draft.answers.reschedule_reason());
  row.notes = first_of(draft.additional_notes, draft.answers.notes());
  row.answers = draft.answers.json();
}

}  // namespace

JsonError BookingReader::read(JsonValue& booking, std::string_view person_key, Webhook& row) {
  Draft draft(row, person_key, answers_, metadata_);
  const JsonError error = read_members(draft, texts_, booking, kBookingFields);
  finish(draft, texts_);
  return error;
}

}  // namespace calytics::core
