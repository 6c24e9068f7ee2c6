#include "glue/tracking/event_row.hpp"

extern "C" {
#include "utils/array.h"
}

#include "glue/pg/jsonb_of.hpp"

namespace calytics::glue {
namespace {

using core::PersonalData;
using core::PersonalDataCounts;
using core::TrackedEvent;

// Fills columns from left to right.
class Writer {
 public:
  Writer(EventRow& row, PackedTexts& texts) : row_(row), texts_(texts) {}

  Writer& put(Datum value) {
    row_.nulls[next_] = false;
    row_.values[next_++] = value;
    return *this;
  }
  Writer& skip() {
    row_.nulls[next_] = true;
    row_.values[next_++] = Datum{0};
    return *this;
  }
  Writer& text(std::string_view value) { return put(texts_.put(value)); }
  Writer& text(const TrackedEvent::Text& value) { return value ? text(*value) : skip(); }
  Writer& service(const TrackedEvent& event) {
    if (event.service_id) return text(*event.service_id);
    if (!event.event_type_id) return text(std::string_view{});
    std::array<char, MAXINT8LEN + 1> digits;
    const int size = pg_lltoa(*event.event_type_id, digits.data());
    return text(std::string_view{digits.data(), static_cast<std::size_t>(size)});
  }
  // An empty name is none.
  Writer& name(std::string_view value) { return value.empty() ? skip() : text(value); }
  Writer& number(const TrackedEvent::Number& value) {
    return value ? put(Int64GetDatum(*value)) : skip();
  }
  Writer& pseudonym(const std::optional<core::Pseudonym>& value) {
    return value ? put(texts_.put(value->data(), value->size())) : skip();
  }
  Writer& json(const TrackedEvent::Text& value) {
    if (!value) return skip();
    return put(jsonb_of(*value));
  }
  Writer& counts(const PersonalDataCounts& counts) {
    if (counts.total() == 0) return skip();
    std::array<Datum, core::kPersonalDataNames.size()> numbers;
    for (std::size_t i = 0; i < numbers.size(); ++i)
      numbers[i] =
          Int32GetDatum(static_cast<std::int32_t>(counts.of(static_cast<PersonalData>(i))));
    return put(PointerGetDatum(construct_array(numbers.data(), static_cast<int>(numbers.size()),
                                               INT4OID, 4, true, TYPALIGN_INT)));
  }

 private:
  EventRow& row_;
  PackedTexts& texts_;
  std::size_t next_ = 0;
};

}  // namespace

void write_row(const TrackedEvent& event, const Receipt& receipt, PackedTexts& texts,
               EventRow& row) {
  Writer columns(row, texts);
  columns.put(Int32GetDatum(receipt.source))
      .put(Int64GetDatum(receipt.segment))
      .put(TimestampTzGetDatum(receipt.at))
      .put(timestamptz_datum(event.happened_at))
      .text(event.session_id)
      .text(event.event_type)
      .service(event)
      .text(event.booking_uid)
      .pseudonym(event.visitor)
      .pseudonym(event.user)
      .put(BoolGetDatum(event.late))
      .put(BoolGetDatum(event.bot))
      .name(name_of(event.device))
      .name(event.browser ? name_of(*event.browser) : std::string_view{})
      .number(event.duration)
      .number(event.event_type_id)
      .number(event.booking_id)
      .text(event.event_id)
      .text(event.experiment)
      .text(event.variant)
      .text(event.ip_address)
      .text(event.url)
      .text(event.referrer)
      .text(event.referrer_host)
      .text(event.utm_source)
      .text(event.utm_medium)
      .text(event.utm_campaign)
      .json(event.properties)
      .counts(event.removed);
}

}  // namespace calytics::glue
