// One webhook body as a typed row: all that the database ever learns from the bytes.
//
// Guarantees: every text is valid UTF-8 without NUL and within its column's limit; an empty text is
// absent; numbers are not negative; instants are microseconds since 1970-01-01T00:00:00Z. Texts are
// views into buffers of the parser that filled the row, and live until it parses again.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "core/privacy/person.hpp"

namespace calytics::core {

enum class Envelope : std::uint8_t {
  standard,   // {triggerEvent, createdAt, payload}
  flat,       // {triggerEvent, ...booking row}
  form,       // key=value&key=value
  template_,  // any other text or JSON: a custom template at Cal.com
  unreadable  // nothing at all, or broken JSON
};

enum class Kind : std::uint8_t {
  booking,    // about one booking, and complete enough to be applied
  ping,       // the test button at Cal.com
  other,      // well-formed, but not about a booking, or of an unknown trigger
  unreadable  // to be quarantined; Webhook::problem says why
};

enum class CancelledBy : std::uint8_t { host, customer, other };

constexpr std::string_view name_of(CancelledBy by) {
  switch (by) {
    case CancelledBy::host:
      return "host";
    case CancelledBy::customer:
      return "customer";
    case CancelledBy::other:
      break;
  }
  return "other";
}

struct Attendee {
  PersonId id{};
  std::size_t position = 0;  // in the list as sent; 0 is the booker
  std::optional<std::string_view> email;
  std::optional<std::string_view> name;
  std::optional<std::string_view> phone;
  std::optional<std::string_view> time_zone;
  std::optional<std::string_view> locale;
  std::optional<bool> no_show;
  std::optional<std::string_view> seat_id;  // where it is told by attendee
};

struct Webhook {
  using Text = std::optional<std::string_view>;
  using Number = std::optional<std::int64_t>;
  using Instant = std::optional<std::int64_t>;
  using Flag = std::optional<bool>;

  Envelope envelope = Envelope::unreadable;
  Kind kind = Kind::unreadable;
  Text problem;  // no personal data and no part of the body but a well-formed trigger

  Text trigger;
  Instant happened_at;  // in a flat envelope the creation of the booking, not the event
  Instant created_at;   // of the booking, where the API tells it

  Text uid;
  Number booking_id;
  Text status;  // upper-case
  Text reschedule_uid;
  Number reschedule_booking_id;
  Instant reschedule_starts_at;
  Instant reschedule_ends_at;
  Text superseded_by;  // the leg that replaces this one, where the API tells it

  Number event_type_id;
  Text service;  // the event type's slug
  Text service_title;
  Instant starts_at;
  Instant ends_at;
  Number price;   // list price in minor units
  Text currency;  // three upper-case letters

  Number host_id;
  Text host;  // user name
  Text host_name;
  Text host_email;
  Text host_time_zone;

  Number seats_per_slot;
  Text seat_id;
  bool single_seat = false;  // the one attendee is a stored row: how one seat's cancellation looks
  bool recurring = false;
  Text series;

  Flag requires_confirmation;
  Number payment_id;
  Flag paid;
  Flag request_reschedule;
  std::optional<CancelledBy> cancelled_by;
  Text reason;
  bool host_no_show = false;

  Text title;
  Text location;
  Text notes;
  Text answers;   // JSON object {field: value} of the booking questions without a column here
  Text metadata;  // JSON object, without members that look like secrets
  Text session;   // that a page's tracker put among the metadata (session_id.hpp)

  std::vector<Attendee> attendees;  // one a person
};

}  // namespace calytics::core
