// calytics.judge_events: a batch of tracking events as rows of type calytics.tracked, scrubbed
// before any of it is seen by SQL. Good events and bad ones alike are rows; a bad one has a reason.
// What concerns the batch as a whole is a row without an index.
//
// The parser is one object for the backend's life and owns every byte of the batch, so that an
// error raised half-way leaves nothing behind.

#include "pg.hpp"

extern "C" {
#include "utils/jsonb.h"
}

#include <algorithm>
#include <array>

#include "core/track_parser.hpp"
#include "rows.hpp"

CALYTICS_SQL_FUNCTION(calytics_judge_events);

namespace {

using calytics::core::PersonalData;
using calytics::core::PersonalDataCounts;
using calytics::core::TrackBatch;
using calytics::core::TrackContext;
using calytics::core::TrackedEvent;
using calytics::core::TrackOptions;
using calytics::core::TrackStatus;
using calytics::glue::text_argument;
using calytics::glue::text_datum;

// As calytics.tracked has them.
constexpr std::size_t kColumns = 30;

TrackContext::Text optional_text(FunctionCallInfo fcinfo, int argument) {
  if (PG_ARGISNULL(argument)) return {};
  return text_argument(fcinfo, argument);
}

// Fills columns from left to right.
class Columns {
 public:
  Columns() { nulls_.fill(true); }

  void put(Datum value) {
    nulls_[next_] = false;
    values_[next_++] = value;
  }
  void skip() { ++next_; }
  void text(std::optional<std::string_view> value) {
    if (value) {
      put(text_datum(*value));
    } else {
      skip();
    }
  }
  void name(std::string_view value) {
    if (value.empty()) {
      skip();
    } else {
      put(text_datum(value));
    }
  }
  void number(std::optional<std::int64_t> value) {
    if (value) {
      put(Int64GetDatum(*value));
    } else {
      skip();
    }
  }
  void pseudonym(const std::optional<calytics::core::Pseudonym>& value) {
    if (value) {
      put(calytics::glue::uuid_datum(value->data()));
    } else {
      skip();
    }
  }
  void json(std::optional<std::string_view> value) {
    if (value) {
      put(DirectFunctionCall1(jsonb_in, CStringGetDatum(pnstrdup(value->data(), value->size()))));
    } else {
      skip();
    }
  }
  void removed(const PersonalDataCounts& counts) {
    if (counts.total() == 0) {
      skip();
      return;
    }
    std::array<Datum, calytics::core::kPersonalDataNames.size()> numbers;
    for (std::size_t i = 0; i < numbers.size(); ++i)
      numbers[i] =
          Int32GetDatum(static_cast<std::int32_t>(counts.of(static_cast<PersonalData>(i))));
    put(PointerGetDatum(construct_array(numbers.data(), static_cast<int>(numbers.size()), INT4OID,
                                        4, true, TYPALIGN_INT)));
  }

  void write(ReturnSetInfo* result) {
    tuplestore_putvalues(result->setResult, result->setDesc, values_.data(), nulls_.data());
  }

 private:
  std::size_t next_ = 0;
  std::array<Datum, kColumns> values_{};
  std::array<bool, kColumns> nulls_{};
};

void put_event(const TrackedEvent& event, ReturnSetInfo* result) {
  Columns row;
  row.put(Int32GetDatum(static_cast<std::int32_t>(event.index)));
  row.skip();
  row.text(event.event_id);
  row.text(event.session_id);
  row.text(event.event_type);
  row.put(calytics::glue::timestamptz_datum(event.happened_at));
  row.put(BoolGetDatum(event.late));
  row.put(BoolGetDatum(event.from_future));
  row.text(event.service_id);
  row.number(event.booking_id);
  row.number(event.event_type_id);
  row.text(event.booking_uid);
  row.number(event.duration);
  row.json(event.properties);
  row.text(event.experiment);
  row.text(event.variant);
  row.pseudonym(event.visitor);
  row.pseudonym(event.user);
  row.text(event.ip_address);
  row.put(BoolGetDatum(event.bot));
  row.name(name_of(event.device));
  row.name(event.browser ? name_of(*event.browser) : std::string_view{});
  row.text(event.url);
  row.text(event.referrer);
  row.text(event.referrer_host);
  row.text(event.utm_source);
  row.text(event.utm_medium);
  row.text(event.utm_campaign);
  row.removed(event.removed);
  row.skip();
  row.write(result);
}

void put_reason(std::optional<std::size_t> index, std::string_view reason, ReturnSetInfo* result) {
  Columns row;
  if (index) {
    row.put(Int32GetDatum(static_cast<std::int32_t>(*index)));
  } else {
    row.skip();
  }
  row.put(text_datum(reason));
  row.write(result);
}

// The last column of a row without index: how many events came.
void put_private(std::size_t received, ReturnSetInfo* result) {
  Columns row;
  for (std::size_t i = 0; i + 1 < kColumns; ++i)
    row.skip();
  row.put(Int64GetDatum(static_cast<std::int64_t>(received)));
  row.write(result);
}

}  // namespace

// judge_events(body, received_at, user_id, user_agent, ip_address, referrer, url, do_not_track,
//              anonymize_ip, strict, body_names_client, visitor_salt, user_key, max_events)
Datum calytics_judge_events(PG_FUNCTION_ARGS) {
  static calytics::core::TrackParser parser;
  InitMaterializedSRF(fcinfo, 0);
  auto* result = reinterpret_cast<ReturnSetInfo*>(fcinfo->resultinfo);
  if (result->setDesc->natts != static_cast<int>(kColumns)) {
    ereport(ERROR, (errcode(ERRCODE_DATATYPE_MISMATCH),
                    errmsg("calytics.tracked does not fit the library that is loaded"),
                    errhint("Run \"alter extension calytics update\" and connect again.")));
  }
  const TrackContext context = {.user_id = optional_text(fcinfo, 2),
                                .user_agent = optional_text(fcinfo, 3),
                                .ip_address = optional_text(fcinfo, 4),
                                .referrer = optional_text(fcinfo, 5),
                                .url = optional_text(fcinfo, 6),
                                .do_not_track = PG_GETARG_BOOL(7)};
  TrackOptions options;
  options.now = calytics::glue::unix_microseconds(PG_GETARG_TIMESTAMPTZ(1));
  options.anonymize_ip = PG_GETARG_BOOL(8);
  options.strict = PG_GETARG_BOOL(9);
  options.body_names_client = PG_GETARG_BOOL(10);
  options.visitor_salt = text_argument(fcinfo, 11);
  options.user_key = text_argument(fcinfo, 12);
  options.max_events = static_cast<std::size_t>(std::max(PG_GETARG_INT32(13), 1));

  const TrackBatch& batch = parser.parse(text_argument(fcinfo, 0), context, options);
  switch (batch.status) {
    case TrackStatus::judged:
      for (const TrackedEvent& event : batch.events)
        put_event(event, result);
      for (const calytics::core::Reject& reject : batch.rejects)
        put_reason(reject.index, reject.reason, result);
      break;
    case TrackStatus::private_:
      put_private(batch.received, result);
      break;
    case TrackStatus::malformed:
    case TrackStatus::too_many_events:
      put_reason({}, batch.problem.value_or("the events can't be read"), result);
      break;
    case TrackStatus::out_of_memory:
      ereport(ERROR, (errcode(ERRCODE_OUT_OF_MEMORY), errmsg("no memory for a batch of events")));
  }
  return Datum{0};
}
