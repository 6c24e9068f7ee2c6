#include "glue/webhook/legs.hpp"

#include <algorithm>

#include "glue/pg/columns.hpp"

namespace calytics::glue {
namespace {

using core::Attendance;
using core::AttendeeState;
using core::BookingState;

constexpr Oid kLegKey[] = {INT4OID, TEXTOID};

Statement find_follower(
    "select 1 from calytics.booking b where b.source_id = $1 and b.reschedule_uid = $2 limit 1",
    kLegKey);

// Attendees of one leg. Whoever changes them also writes the leg's row anew, so that a leg that
// stayed as it was has the attendees that were read with it.
class People {
 public:
  People(Table& attendees, std::span<const AttendeeState> told)
      : attendees_(attendees), told_(told) {}

  // Joins those told into those known.
  void read(const BookingState& leg) {
    known_ = 0;
    attendees_.each(
        leg_key(leg.source, leg.uid),
        [](void* context, const Datum* values, const bool* nulls) {
          static_cast<People*>(context)->add(Columns(values, nulls).take_row<AttendeeState>());
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

  bool changed() const {
    return std::find(changed_, changed_ + attendance_.people.size(), true) !=
           changed_ + attendance_.people.size();
  }

  void write() const {
    for (std::size_t i = 0; i < attendance_.people.size(); ++i) {
      if (!changed_[i]) continue;
      const AttendeeState& person = attendance_.people[i];
      const Arguments row = Arguments().put_row(person);
      if (i >= attendance_.known) {
        attendees_.insert(row);
      } else if (attendance_.known == 1 ||  // which is the row found last
                 attendees_.find(leg_key(person.source, person.uid).put(person.customer))) {
        attendees_.update(row);
      }
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

  Table& attendees_;
  std::span<const AttendeeState> told_;
  AttendeeState* people_ = nullptr;
  std::size_t known_ = 0;
  std::size_t room_ = 0;
  bool* changed_ = nullptr;
  Attendance attendance_;
};

}  // namespace

Touched touch_leg(BookingTables& tables, const BookingState& told,
                  std::span<const AttendeeState> told_people) {
  People people(tables.attendee, told_people);
  const RowKey key = leg_key(told.source, told.uid);
  for (bool locked = false;;) {
    if (locked ? tables.booking.lock(key) : tables.booking.find(key)) {
      const auto known = tables.booking.row<BookingState>();
      BookingState leg = core::join(known, told);
      const bool has_people = !told_people.empty();
      if (has_people) {
        people.read(leg);
        people.count(leg);
      }
      leg.status = core::status_of(leg);
      const bool saved = leg != known;
      if (saved || (has_people && people.changed())) {
        if (!tables.booking.update_unless_changed(Arguments().put_row(leg))) continue;
        if (has_people) people.write();
      } else if (!locked) {
        locked = true;
        continue;
      }
      return {.leg = leg,
              .changed = saved && !core::looks_alike(known, leg),
              .linked = leg.reschedule_uid != known.reschedule_uid,
              .saved = saved};
    }

    BookingState leg = told;
    people.begin();
    people.count(leg);
    leg.status = core::status_of(leg);
    if (tables.booking.insert_unless_there(Arguments().put_row(leg))) {
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

void place_leg(BookingTables& tables, BookingState& leg, std::string_view root_uid,
               std::int32_t hops) {
  leg.root_uid = root_uid;
  leg.hops = hops;
  if (tables.booking.find(leg_key(leg.source, leg.uid))) {
    tables.booking.update(Arguments().put_row(leg));
  }
}

}  // namespace calytics::glue
