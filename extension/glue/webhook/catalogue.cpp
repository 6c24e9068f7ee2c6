#include "glue/webhook/catalogue.hpp"

#include <algorithm>

#include "core/booking/booking_texts.hpp"
#include "glue/pg/columns.hpp"
#include "glue/pg/jsonb_of.hpp"
#include "glue/webhook/booking_tables.hpp"
#include "glue/webhook/known_names.hpp"

namespace calytics::glue {
namespace {

using core::Attendee;
using core::BookingTexts;
using core::Webhook;

constexpr Oid kService[] = {INT4OID, INT8OID, TEXTOID, TEXTOID, TIMESTAMPTZOID};
constexpr Oid kHost[] = {INT4OID, INT8OID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, TIMESTAMPTZOID};
constexpr Oid kPerson[] = {INT4OID, UUIDOID, TEXTOID, TEXTOID, TEXTOID, TIMESTAMPTZOID};

// Only for a name that another session learns, or makes older, just now.
Statement age_service(
    "insert into calytics.service as s (source_id, event_type_id, service, title, first_at)"
    " values ($1, $2, $3, $4, $5)"
    " on conflict (source_id, event_type_id, service, title)"
    " do update set first_at = least(s.first_at, excluded.first_at)",
    kService);

Statement age_host(
    "insert into calytics.host as h (source_id, host_id, host, name, email, time_zone, first_at)"
    " values ($1, $2, $3, $4, $5, $6, $7)"
    " on conflict (source_id, host_id, host, name, email, time_zone)"
    " do update set first_at = least(h.first_at, excluded.first_at)",
    kHost);

Statement age_person(
    "insert into calytics.person as p (source_id, customer, name, email, phone, first_at)"
    " values ($1, $2, $3, $4, $5, $6)"
    " on conflict (source_id, customer, name, email, phone)"
    " do update set first_at = least(p.first_at, excluded.first_at)",
    kPerson);

// By id: two sessions that meet in the same persons must meet in the same order.
const Attendee** in_order(const Webhook& webhook) {
  const std::size_t count = webhook.attendees.size();
  auto** sorted = static_cast<const Attendee**>(palloc(sizeof(Attendee*) * (count + 1)));
  for (std::size_t i = 0; i < count; ++i)
    sorted[i] = &webhook.attendees[i];
  std::sort(sorted, sorted + count,
            [](const Attendee* a, const Attendee* b) { return a->id < b->id; });
  return sorted;
}

// A name that is known since then is left alone: a lock on the row of a name that many webhooks
// tell would make it hot. id: of what is named; the table's last column says since when.
template <class Id>
void learn(Table& table, Statement& age, std::int32_t source, const Id& id,
           std::initializer_list<std::string_view> names, core::Moment at) {
  const KnownName known(age, source, {reinterpret_cast<const char*>(&id), sizeof(id)}, names);
  if (known.since(at)) return;
  Arguments row;
  RowKey key;
  row.put_all(source, id);
  key.put(source).put(id);
  for (const std::string_view name : names) {
    row.put(name);
    key.put(name);
  }
  row.put(at);
  if (table.find(key)) {
    const bool older = moment_of(DatumGetTimestampTz(table.value(key.size()))) > at;
    if (older && !table.update_unless_changed(row)) row.write(age);
  } else if (!table.insert_unless_there(row)) {
    row.write(age);
  }
  known.learn(at);
}

// The bytes of a jsonb. The parser writes objects, without spaces.
Webhook::Text jsonb_bytes(const Webhook::Text& json) {
  if (!json) return {};
  return bytes_of(PG_DETOAST_DATUM_PACKED(jsonb_of(*json)));
}

}  // namespace

void learn_texts(Table& texts, std::int32_t source, const Webhook& webhook, core::Moment at,
                 bool fresh) {
  BookingTexts told;
  told.source = source;
  told.uid = *webhook.uid;
  if (webhook.title || webhook.answers) {
    told.title = webhook.title;
    told.location = webhook.location;
    told.notes = webhook.notes;
    told.answers = jsonb_bytes(webhook.answers);
    told.metadata = jsonb_bytes(webhook.metadata);
    told.told_at = at;
  }
  if (webhook.reason) {
    told.reason = webhook.reason;
    told.reason_at = at;
  }
  if (!told.told_at && !told.reason_at) return;

  std::optional<BookingTexts> known;
  if (!fresh) known = found<BookingTexts>(texts, leg_key(source, told.uid));
  if (!known) {
    texts.insert(Arguments().put_row(told));
    return;
  }
  const BookingTexts joined = core::join(*known, told);
  if (joined != *known) texts.update(Arguments().put_row(joined));
}

void learn_names(BookingTables& tables, std::int32_t source, const Webhook& webhook,
                 core::Moment at) {
  if (webhook.event_type_id && webhook.service) {
    learn(tables.service, age_service, source, *webhook.event_type_id,
          {*webhook.service, webhook.service_title.value_or("")}, at);
  }
  if (webhook.host_id && webhook.host) {
    learn(tables.host, age_host, source, *webhook.host_id,
          {*webhook.host, webhook.host_name.value_or(""), webhook.host_email.value_or(""),
           webhook.host_time_zone.value_or("")},
          at);
  }
  const Attendee** people = in_order(webhook);
  for (std::size_t i = 0; i < webhook.attendees.size(); ++i) {
    const Attendee& person = *people[i];
    learn(tables.person, age_person, source, person.id,
          {person.name.value_or(""), person.email.value_or(""), person.phone.value_or("")}, at);
  }
}

}  // namespace calytics::glue
