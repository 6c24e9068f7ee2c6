// calytics.parse_webhook: the normaliser's row as a PostgreSQL tuple of type calytics.webhook.
//
// The parser is one object for the backend's life and owns every byte of the row, so that an error
// raised half-way through building the tuple leaves nothing behind.

#include "glue/pg/pg.hpp"

#include <algorithm>
#include <array>
#include <optional>

#include "glue/webhook/understand.hpp"

CALYTICS_SQL_FUNCTION(calytics_parse_webhook);

namespace {

using calytics::core::Attendee;
using calytics::core::Envelope;
using calytics::core::Kind;
using calytics::core::Webhook;
using calytics::glue::text_datum;

constexpr int column_count = 48;

std::string_view name_of(Envelope envelope) {
  switch (envelope) {
    case Envelope::standard:
      return "standard";
    case Envelope::flat:
      return "flat";
    case Envelope::form:
      return "form";
    case Envelope::template_:
      return "template";
    case Envelope::unreadable:
      break;
  }
  return "unreadable";
}

std::string_view name_of(Kind kind) {
  switch (kind) {
    case Kind::booking:
      return "booking";
    case Kind::ping:
      return "ping";
    case Kind::other:
      return "other";
    case Kind::unreadable:
      break;
  }
  return "unreadable";
}

// Fills columns from left to right.
class WebhookRow {
 public:
  void put(Datum value) {
    nulls_[next_] = false;
    values_[next_++] = value;
  }
  void put(Webhook::Text text) { text ? put(text_datum(*text)) : skip(); }
  void put(Webhook::Flag flag) { flag ? put(BoolGetDatum(*flag)) : skip(); }
  void number(Webhook::Number number) { number ? put(Int64GetDatum(*number)) : skip(); }
  void instant(Webhook::Instant instant) {
    instant ? put(calytics::glue::timestamptz_datum(*instant)) : skip();
  }
  void skip() { nulls_[next_++] = true; }

  int count() const { return static_cast<int>(next_); }
  Datum* values() { return values_.data(); }
  bool* nulls() { return nulls_.data(); }

 private:
  std::size_t next_ = 0;
  std::array<Datum, column_count> values_{};
  std::array<bool, column_count> nulls_{};
};

// One array of the parallel arrays of attendees; `element` gives an element's Datum, or nothing.
template <typename Element>
Datum attendee_array(const Webhook& row, Oid type, int length, bool by_value, char align,
                     Element element) {
  int count = static_cast<int>(row.attendees.size());
  auto* values = static_cast<Datum*>(palloc(sizeof(Datum) * static_cast<std::size_t>(count)));
  auto* nulls = static_cast<bool*>(palloc(sizeof(bool) * static_cast<std::size_t>(count)));
  for (int i = 0; i < count; ++i) {
    const std::optional<Datum> value = element(row.attendees[static_cast<std::size_t>(i)]);
    nulls[i] = !value;
    values[i] = value.value_or(Datum{0});
  }
  int lower_bound = 1;
  return PointerGetDatum(
      construct_md_array(values, nulls, 1, &count, &lower_bound, type, length, by_value, align));
}

Datum text_array(const Webhook& row, Webhook::Text Attendee::*member) {
  return attendee_array(row, TEXTOID, -1, false, TYPALIGN_INT,
                        [member](const Attendee& attendee) -> std::optional<Datum> {
                          if (const auto& text = attendee.*member) {
                            return text_datum(*text);
                          }
                          return std::nullopt;
                        });
}

void put_attendees(const Webhook& row, WebhookRow& columns) {
  if (row.attendees.empty()) {
    for (int i = 0; i < 5; ++i) {
      columns.skip();
    }
    return;
  }
  columns.put(attendee_array(row, UUIDOID, UUID_LEN, false, TYPALIGN_CHAR,
                             [](const Attendee& attendee) -> std::optional<Datum> {
                               return calytics::glue::uuid_datum(attendee.id.data());
                             }));
  columns.put(text_array(row, &Attendee::email));
  columns.put(text_array(row, &Attendee::name));
  columns.put(text_array(row, &Attendee::phone));
  columns.put(attendee_array(row, BOOLOID, 1, true, TYPALIGN_CHAR,
                             [](const Attendee& attendee) -> std::optional<Datum> {
                               if (attendee.no_show) {
                                 return BoolGetDatum(*attendee.no_show);
                               }
                               return std::nullopt;
                             }));
}

void put_row(const Webhook& row, WebhookRow& columns) {
  columns.put(text_datum(name_of(row.envelope)));
  columns.put(text_datum(name_of(row.kind)));
  columns.put(row.problem);
  columns.put(row.trigger);
  columns.instant(row.happened_at);
  columns.instant(row.created_at);
  columns.put(row.uid);
  columns.number(row.booking_id);
  columns.put(row.status);
  columns.put(row.reschedule_uid);
  columns.number(row.reschedule_booking_id);
  columns.instant(row.reschedule_starts_at);
  columns.instant(row.reschedule_ends_at);
  columns.put(row.superseded_by);
  columns.number(row.event_type_id);
  columns.put(row.service);
  columns.put(row.service_title);
  columns.instant(row.starts_at);
  columns.instant(row.ends_at);
  columns.number(row.price);
  columns.put(row.currency);
  columns.number(row.host_id);
  columns.put(row.host);
  columns.put(row.host_name);
  columns.put(row.host_email);
  columns.put(row.host_time_zone);
  columns.number(row.seats_per_slot);
  columns.put(row.seat_id);
  columns.put(BoolGetDatum(row.single_seat));
  columns.put(BoolGetDatum(row.recurring));
  columns.put(row.series);
  columns.put(row.requires_confirmation);
  columns.number(row.payment_id);
  columns.put(row.paid);
  columns.put(row.request_reschedule);
  columns.put(row.cancelled_by ? Webhook::Text(name_of(*row.cancelled_by)) : std::nullopt);
  columns.put(row.reason);
  columns.put(row.host_no_show ? Webhook::Flag(true) : std::nullopt);
  columns.put(row.title);
  columns.put(row.location);
  columns.put(row.notes);
  columns.put(row.answers);
  columns.put(row.metadata);
  put_attendees(row, columns);
}

// The result's tuple descriptor, looked up once for each place that calls the function.
TupleDesc result_type(FunctionCallInfo fcinfo) {
  if (fcinfo->flinfo->fn_extra == nullptr) {
    MemoryContext previous = MemoryContextSwitchTo(fcinfo->flinfo->fn_mcxt);
    TupleDesc type = nullptr;
    if (get_call_result_type(fcinfo, nullptr, &type) != TYPEFUNC_COMPOSITE ||
        type->natts != column_count) {
      ereport(ERROR, (errcode(ERRCODE_DATATYPE_MISMATCH),
                      errmsg("calytics.webhook does not fit the library that is loaded"),
                      errhint("Run \"alter extension calytics update\" and connect again.")));
    }
    fcinfo->flinfo->fn_extra = BlessTupleDesc(type);
    MemoryContextSwitchTo(previous);
  }
  return static_cast<TupleDesc>(fcinfo->flinfo->fn_extra);
}

}  // namespace

Datum calytics_parse_webhook(PG_FUNCTION_ARGS) {
  TupleDesc type = result_type(fcinfo);
  const Webhook& row =
      calytics::glue::parse_webhook(calytics::glue::bytes_of(PG_GETARG_BYTEA_PP(0)),
                                    calytics::glue::bytes_of(PG_GETARG_BYTEA_PP(1)));
  WebhookRow columns;
  put_row(row, columns);
  Assert(columns.count() == column_count);
  PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(type, columns.values(), columns.nulls())));
}
