#include "core/booking/attendee_reader.hpp"

#include <algorithm>
#include <new>

#include "core/text/json_fields.hpp"
#include "core/text/limits.hpp"

namespace calytics::core {

namespace {

struct Row : Attendee {
  bool has_id = false;
  bool has_booking_id = false;
};

template <bool Row::*member>
JsonError present(Row& row, TextStore& /*texts*/, JsonValue& /*value*/) {
  row.*member = true;
  return simdjson::SUCCESS;
}

JsonError language(Row& row, TextStore& texts, JsonValue& value) {
  return visit_members(value, texts, [&](std::string_view name, JsonValue& locale) {
    if (name == "locale") row.locale = read_text(locale, texts, kNameLimit);
    return simdjson::SUCCESS;
  });
}

constexpr auto kFields = std::to_array<Field<Row>>({
    {"absent", flag<Row, &Attendee::no_show>},
    {"bookingId", present<&Row::has_booking_id>},
    {"email", contact<Row, &Attendee::email, kPersonLimit>},
    {"id", present<&Row::has_id>},
    {"language", language},
    {"locale", text<Row, &Attendee::locale, kNameLimit>},
    {"name", text<Row, &Attendee::name, kPersonLimit>},
    {"noShow", flag<Row, &Attendee::no_show>},
    {"phoneNumber", contact<Row, &Attendee::phone, kPersonLimit>},
    {"seatUid", text<Row, &Attendee::seat_id, kNameLimit>},
    {"timeZone", text<Row, &Attendee::time_zone, kNameLimit>},
});
static_assert(is_sorted(kFields));

template <class T>
void fill(std::optional<T>& target, const std::optional<T>& other) {
  if (!target) target = other;
}

void add(std::vector<Attendee>& attendees, const Attendee& attendee) {
  const auto known = std::ranges::find(attendees, attendee.id, &Attendee::id);
  if (known == attendees.end()) {
    attendees.push_back(attendee);
    return;
  }
  fill(known->email, attendee.email);
  fill(known->name, attendee.name);
  fill(known->phone, attendee.phone);
  fill(known->time_zone, attendee.time_zone);
  fill(known->locale, attendee.locale);
  fill(known->seat_id, attendee.seat_id);
  if (attendee.no_show) known->no_show = attendee.no_show;
}

}  // namespace

JsonError read_attendees(JsonValue& list, std::string_view person_key, TextStore& texts,
                         std::vector<Attendee>& attendees, AttendeeCounts& counts) {
  attendees.clear();
  counts = {};
  return visit_elements(list, [&](JsonValue& element) {
    Row row;
    row.position = counts.all++;
    if (row.position >= kMaxAttendees) return simdjson::SUCCESS;
    const JsonError error = read_members(row, texts, element, kFields);
    if (row.has_id && row.has_booking_id) ++counts.stored;

    const auto& identity = row.email ? row.email : row.phone;
    if (error || !identity) return error;
    const std::optional<PersonId> id = person_id(*identity, person_key);
    if (!id) throw std::bad_alloc();
    row.id = *id;
    add(attendees, row);
    return error;
  });
}

}  // namespace calytics::core
