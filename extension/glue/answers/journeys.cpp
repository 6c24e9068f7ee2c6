// calytics.journeys: from which event sessions went to which next, step by step. Events come sorted
// by session and time, and are walked through once: however many there are, little is in memory.

#include "glue/pg/pg.hpp"

#include <algorithm>

#include "core/metrics/sum_table.hpp"
#include "glue/pg/list.hpp"
#include "glue/pg/memory.hpp"
#include "glue/pg/rows.hpp"
#include "glue/sums/reader.hpp"

CALYTICS_SQL_FUNCTION(calytics_journeys);

namespace calytics::glue {

namespace {

// Of that long a session's id is silent at most.
constexpr std::int64_t kSilence = core::kHour / 2;

// A text that stays where it is while others take its place.
struct KeptText {
  MemoryContext memory;
  char* bytes = nullptr;
  std::size_t size = 0;
  std::size_t room = 0;

  std::string_view text() const { return {bytes, size}; }
  void make_room(std::size_t wanted) {
    if (wanted <= room) return;
    room = 2 * wanted;
    bytes = static_cast<char*>(MemoryContextAlloc(memory, room));
  }
  void keep(std::string_view text) {
    make_room(text.size());
    std::copy(text.begin(), text.end(), bytes);
    size = text.size();
  }
};

// A step of a number, from one event to the next.
struct Leg {
  std::int32_t step;
  std::string_view from;
  std::string_view to;
};

class Journeys {
 public:
  Journeys(TimestampTz lo, TimestampTz hi, std::int32_t steps, MemoryContext memory)
      : lo_(lo),
        hi_(hi),
        steps_(steps),
        legs_(memory_of(memory)),
        sessions_{memory},
        session_{memory},
        type_{memory},
        key_{memory} {}

  void take(std::string_view session, TimestampTz at, std::string_view type, bool booked) {
    if (!walks_ || session != session_.text() || at - last_at_ > kSilence) {
      finish();
      walks_ = true;
      session_.keep(session);
      counts_ = at >= lo_ && at < hi_;
      step_ = 0;
      booked_ = false;
    }
    last_at_ = at;
    booked_ = booked_ || booked;
    if (type.data() == nullptr) return;  // a booking that no event tells of
    if (step_ > 0 && type == type_.text()) return;
    go_to(type);
    type_.keep(type);
    ++step_;
  }

  void finish() {
    if (walks_) go_to(booked_ ? "(booked)" : "(left)");
    walks_ = false;
  }

  template <typename Sink>
  void each(Sink sink) const {
    for (std::size_t i = 0; i < sessions_.size; ++i)
      sink(leg_of(legs_.rows()[i].key), sessions_.items[i]);
  }

 private:
  // The number in a leg's key, and a byte that no text has, between texts.
  static constexpr std::size_t kStep = sizeof(std::int32_t);

  void go_to(std::string_view type) {
    if (!counts_ || step_ == 0 || step_ > steps_) return;
    const std::string_view from = type_.text();
    const std::size_t size = kStep + from.size() + 1 + type.size();
    key_.make_room(size);
    char* end = std::copy_n(reinterpret_cast<const char*>(&step_), kStep, key_.bytes);
    end = std::copy(from.begin(), from.end(), end);
    *end++ = '\0';
    std::copy(type.begin(), type.end(), end);
    const auto index =
        static_cast<std::size_t>(&legs_.row({key_.bytes, size}) - legs_.rows().data());
    if (index == sessions_.size) sessions_.put(0);
    ++sessions_.items[index];
  }

  static Leg leg_of(std::string_view key) {
    Leg leg = {};
    std::copy_n(key.data(), kStep, reinterpret_cast<char*>(&leg.step));
    const std::size_t middle = key.find('\0', kStep);
    leg.from = key.substr(kStep, middle - kStep);
    leg.to = key.substr(middle + 1);
    return leg;
  }

  TimestampTz lo_;
  TimestampTz hi_;
  std::int32_t steps_;
  core::SumTable legs_;
  List<std::int64_t> sessions_;  // of each leg
  // The session that is under way.
  KeptText session_;
  KeptText type_;
  KeptText key_;
  TimestampTz last_at_ = 0;
  std::int32_t step_ = 0;
  bool walks_ = false;
  bool counts_ = false;
  bool booked_ = false;
};

void take_event(void* context, const Datum* values, const bool* nulls) {
  static_cast<Journeys*>(context)->take(text_of(values[0]), DatumGetTimestampTz(values[1]),
                                        nulls[2] ? std::string_view{} : text_of(values[2]),
                                        DatumGetBool(values[3]));
}

}  // namespace

}  // namespace calytics::glue

// journeys(src, lo, hi, steps)
Datum calytics_journeys(PG_FUNCTION_ARGS) {
  using namespace calytics::glue;
  static const Oid types[] = {INT4OID, TIMESTAMPTZOID, TIMESTAMPTZOID};
  static Statement query(
      "select e.session_id, e.occurred_at, e.event_type,"
      "    e.booking_uid is not null and exists ("
      "      select from calytics.booking b where b.source_id = $1 and b.uid = e.booking_uid),"
      "    e.event_id"
      "  from calytics.event e"
      " where e.source_id = $1 and not e.bot and e.occurred_at >= $2 - interval '30 minutes'"
      "   and e.occurred_at < $3 + interval '1 day' and e.received_at >= $2 - interval '30 minutes'"
      " union all "
      "select m.session_id, m.booked_at, null, true, null"
      "  from calytics.session_bookings("
      "    $1, null, $2 - interval '30 minutes', $3 + interval '1 day') m"
      " order by 1, 2, 5",
      types);
  InitMaterializedSRF(fcinfo, 0);
  MemoryContext memory = CurrentMemoryContext;
  const std::array<Datum, 3> values = {PG_GETARG_DATUM(0), PG_GETARG_DATUM(1), PG_GETARG_DATUM(2)};
  Journeys journeys(PG_GETARG_TIMESTAMPTZ(1), PG_GETARG_TIMESTAMPTZ(2), PG_GETARG_INT32(3), memory);
  SPI_connect();
  query.run(values.data(), nullptr, take_event, &journeys);
  SPI_finish();
  journeys.finish();
  auto* result = reinterpret_cast<ReturnSetInfo*>(fcinfo->resultinfo);
  journeys.each([&](const Leg& leg, std::int64_t sessions) {
    std::array<Datum, 4> row = {Int32GetDatum(leg.step), text_datum(leg.from), text_datum(leg.to),
                                Int64GetDatum(sessions)};
    std::array<bool, 4> nulls = {};
    tuplestore_putvalues(result->setResult, result->setDesc, row.data(), nulls.data());
  });
  return Datum{0};
}
