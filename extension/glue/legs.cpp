#include "legs.hpp"

#include <algorithm>

#include "columns.hpp"

namespace calytics::glue {
namespace {

using core::Attendance;
using core::AttendeeState;
using core::BookingState;

constexpr Oid kLegKey[] = {INT4OID, TEXTOID};
constexpr Oid kBooking[] = {
    INT4OID,        TEXTOID,        INT8OID, TEXTOID,        TEXTOID,        INT4OID,
    TEXTOID,        TEXTOID,        TEXTOID, TIMESTAMPTZOID, TIMESTAMPTZOID, TIMESTAMPTZOID,
    TIMESTAMPTZOID, TIMESTAMPTZOID, TEXTOID, TIMESTAMPTZOID, INT8OID,        TIMESTAMPTZOID,
    TIMESTAMPTZOID, TIMESTAMPTZOID, INT8OID, TEXTOID,        INT8OID,        TEXTOID,
    TIMESTAMPTZOID, INT8OID,        TEXTOID, TIMESTAMPTZOID, UUIDOID,        TIMESTAMPTZOID,
    INT4OID,        INT4OID,        INT8OID, BOOLOID,        TEXTOID,        BOOLOID,
    TIMESTAMPTZOID};
constexpr Oid kAttendee[] = {INT4OID, TEXTOID,        UUIDOID, INT4OID,       TEXTOID,
                             BOOLOID, TIMESTAMPTZOID, BOOLOID, TIMESTAMPTZOID};
constexpr Oid kPlace[] = {INT4OID, TEXTOID, TEXTOID, INT4OID};

Statement lock_booking(
    "select b.* from calytics.booking b where b.source_id = $1 and b.uid = $2 for no key update",
    kLegKey);

Statement insert_booking(
    "insert into calytics.booking values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13,"
    " $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28, $29, $30, $31,"
    " $32, $33, $34, $35, $36, $37) on conflict on constraint booking_pkey do nothing",
    kBooking);

Statement update_booking(
    "update calytics.booking b set booking_id = $3, reschedule_uid = $4, superseded_by = $7,"
    " moved_to = $8, status = $9, created_at = $10, accepted_at = $11, rejected_at = $12,"
    " awaiting_at = $13, cancelled_at = $14, cancelled_by = $15, paid_at = $16, payment_id = $17,"
    " starts_at = $18, ends_at = $19, schedule_at = $20, event_type_id = $21, service = $22,"
    " price = $23, currency = $24, price_at = $25, host_id = $26, host = $27, host_at = $28,"
    " customer = $29, customer_at = $30, seats = $31, no_shows = $32, seats_per_slot = $33,"
    " recurring = $34, series = $35, host_no_show = $36, host_no_show_at = $37"
    " where b.source_id = $1 and b.uid = $2",
    kBooking);

Statement move_booking(
    "update calytics.booking b set root_uid = $3, hops = $4 where b.source_id = $1 and b.uid = $2",
    kPlace);

Statement find_follower(
    "select 1 from calytics.booking b where b.source_id = $1 and b.reschedule_uid = $2 limit 1",
    kLegKey);

Statement find_attendees(
    "select a.* from calytics.attendee a where a.source_id = $1 and a.uid = $2 order by a.customer",
    kLegKey);

Statement insert_attendee(
    "insert into calytics.attendee values ($1, $2, $3, $4, $5, $6, $7, $8, $9)", kAttendee);

Statement update_attendee(
    "update calytics.attendee a set position = $4, seat_id = $5, active = $6, active_at = $7,"
    " no_show = $8, no_show_at = $9 where a.source_id = $1 and a.uid = $2 and a.customer = $3",
    kAttendee);

// Attendees of one leg, which whoever reads or writes them has locked.
class People {
 public:
  explicit People(std::span<const AttendeeState> told)
      : memory_(CurrentMemoryContext), told_(told) {}

  // Joins those told into those known.
  void read(const BookingState& leg) {
    known_ = 0;
    Arguments()
        .put_all(leg.source, leg.uid)
        .write(
            find_attendees,
            [](void* context, const Datum* values, const bool* nulls) {
              auto* people = static_cast<People*>(context);
              MemoryContext before = MemoryContextSwitchTo(people->memory_);
              people->add(Columns(values, nulls).take_row<AttendeeState>());
              MemoryContextSwitchTo(before);
            },
            this);
    join();
  }

  // Where nobody can be known.
  void begin() {
    known_ = 0;
    join();
  }

  void count(BookingState& leg) const {
    leg.seats = attendance_.seats();
    leg.no_shows = attendance_.no_shows();
  }

  void write() const {
    for (std::size_t i = 0; i < attendance_.people.size(); ++i) {
      if (!changed_[i]) continue;
      Arguments()
          .put_row(attendance_.people[i])
          .write(i < attendance_.known ? update_attendee : insert_attendee);
    }
  }

 private:
  void reserve(std::size_t room) {
    if (room <= room_) return;
    const std::size_t wider = 2 * room + 8;
    auto* moved = static_cast<AttendeeState*>(palloc(sizeof(AttendeeState) * wider));
    std::copy_n(people_, known_, moved);
    people_ = moved;
    room_ = wider;
  }

  void add(const AttendeeState& one) {
    reserve(known_ + 1);
    people_[known_++] = one;
  }

  void join() {
    const std::size_t room = known_ + told_.size();
    reserve(room);
    changed_ = static_cast<bool*>(palloc(room + 1));
    attendance_ = core::join({people_, room}, known_, told_, {changed_, room});
  }

  MemoryContext memory_;
  std::span<const AttendeeState> told_;
  AttendeeState* people_ = nullptr;
  std::size_t known_ = 0;
  std::size_t room_ = 0;
  bool* changed_ = nullptr;
  Attendance attendance_;
};

}  // namespace

Touched touch_leg(const BookingState& told, std::span<const AttendeeState> told_people) {
  People people(told_people);
  for (;;) {
    const auto known = row_of<BookingState>(lock_booking, told.source, told.uid);
    if (known) {
      BookingState leg = core::join(*known, told);
      if (!told_people.empty()) {
        people.read(leg);
        people.count(leg);
        people.write();
      }
      leg.status = core::status_of(leg);
      const bool saved = leg != *known;
      if (saved) Arguments().put_row(leg).write(update_booking);
      return {.leg = leg,
              .changed = saved && !core::looks_alike(*known, leg),
              .linked = leg.reschedule_uid != known->reschedule_uid,
              .saved = saved};
    }

    BookingState leg = told;
    people.begin();
    people.count(leg);
    leg.status = core::status_of(leg);
    if (Arguments().put_row(leg).write(insert_booking) > 0) {
      people.write();
      return {.leg = leg,
              .fresh = true,
              .changed = true,
              .linked = leg.reschedule_uid.has_value(),
              .saved = true};
    }
    // Another session has made it known meanwhile.
  }
}

bool has_followers(const BookingState& leg) {
  return Arguments().put_all(leg.source, leg.uid).write(find_follower) > 0;
}

void place_leg(BookingState& leg, std::string_view root_uid, std::int32_t hops) {
  leg.root_uid = root_uid;
  leg.hops = hops;
  Arguments().put_all(leg.source, leg.uid, root_uid, hops).write(move_booking);
}

}  // namespace calytics::glue
