// Turns a fact into entries, basis by basis. Entries are put by ascending measure, so the order of
// the statements here is the order of calytics.measure.
#include "core/metrics/contribution.hpp"

#include <algorithm>
#include <array>
#include <initializer_list>

#include "core/metrics/cells.hpp"
#include "core/time/local_time.hpp"

namespace calytics::core {
namespace {

// Room for all entries that one contribution has: 28 of the booking, 16 of the visit, 3 cells.
class Entries {
 public:
  void put(int measure, std::int64_t count) {
    if (count == 0) return;
    entries_[size_++] = {static_cast<std::uint16_t>(measure), count};
  }
  std::span<const TallyEntry> span() const { return {entries_.data(), size_}; }

 private:
  std::array<TallyEntry, 48> entries_;
  std::size_t size_ = 0;
};

// What the fact says of itself, whatever the basis.
struct Booking {
  bool accepted;
  bool held;
  bool cancelled;
  bool by_client;
  bool by_host;
  bool late;
  bool visit;
  std::int64_t collected;
  std::int64_t refunded;
};

// A visit's place in local time and among the person's other visits.
struct Visit {
  std::int64_t starts;
  std::int64_t previous;  // kNoBegin where there is none
  int months;             // since the first
};

bool add(Instant at, std::int64_t span, Instant& sum) {
  if (at == kNoEnd) {
    sum = at;
    return true;
  }
  return !__builtin_add_overflow(at, span, &sum);
}

// Whether `then` is known and no later than `span` after `at`.
TallyStatus within(Instant then, Instant at, std::int64_t span, bool& is) {
  is = false;
  if (!known(then) || !known(at)) return TallyStatus::ok;
  Instant last = 0;
  if (!add(at, span, last)) return TallyStatus::overflow;
  is = then <= last;
  return TallyStatus::ok;
}

TallyStatus booking_of(const Fact& fact, const Rules& rules, Booking& booking) {
  booking.accepted = fact.status == "accepted";
  booking.held = booking.accepted && !fact.no_show;
  booking.cancelled =
      known(fact.cancelled_at) || (known(fact.awaiting_at) && known(fact.confirmed_at));
  booking.by_client = fact.cancelled_by == "customer";
  booking.by_host = fact.cancelled_by == "host";
  booking.late = fact.has_notice && fact.notice <= rules.late_notice;
  booking.visit = booking.held && fact.has_customer && known(fact.starts_at);
  booking.collected = 0;
  booking.refunded = 0;
  for (const Payment& payment : fact.entries) {
    if (payment.currency != fact.currency) continue;
    std::int64_t& sum = payment.refund ? booking.refunded : booking.collected;
    if (__builtin_add_overflow(sum, payment.amount, &sum)) return TallyStatus::overflow;
  }
  if (known(fact.paid_at) && fact.has_price &&
      __builtin_add_overflow(booking.collected, fact.price, &booking.collected))
    return TallyStatus::overflow;
  return TallyStatus::ok;
}

Visit visit_of(const Fact& fact, const Rules& rules) {
  Visit visit;
  visit.starts = rules.local(rules.zone, fact.starts_at);
  visit.previous =
      known(fact.previous_at) ? rules.local(rules.zone, fact.previous_at) : std::int64_t{kNoBegin};
  visit.months = 0;
  if (known(fact.first_at)) {
    const Date date = date_of(visit.starts);
    const Date first = date_of(rules.local(rules.zone, fact.first_at));
    visit.months =
        std::clamp(12 * (date.year - first.year) + date.month - first.month, 0, kMostMonths);
  }
  return visit;
}

void put_cancellation(const Booking& booking, Entries& out) {
  out.put(5, booking.cancelled);
  out.put(6, booking.cancelled && booking.by_client);
  out.put(7, booking.cancelled && booking.by_host);
  out.put(8, booking.late);
  out.put(9, booking.late && booking.by_client);
  out.put(10, booking.late && booking.by_host);
}

void put_booking(const Fact& fact, const Booking& booking, Entries& out) {
  const std::int64_t price = fact.has_price ? fact.price : 0;
  out.put(1, 1);
  out.put(2, fact.legs);
  out.put(3, known(fact.confirmed_at));
  out.put(4, booking.held);
  put_cancellation(booking, out);
  out.put(11, fact.hops > 0);
  out.put(12, fact.hops);
  out.put(13, fact.no_show);
  out.put(14, fact.host_no_show);
  out.put(15, fact.status == "rejected");
  out.put(16, fact.status == "pending");
  out.put(17, fact.status == "awaiting_rebook" && !known(fact.confirmed_at));
  out.put(18, fact.withdrawn);
  out.put(19, booking.accepted);
  out.put(20, fact.minutes);
  out.put(21, booking.accepted ? price : 0);
  out.put(22, booking.held ? price : 0);
  out.put(23, booking.collected);
  out.put(24, booking.refunded);
  out.put(25, booking.held ? booking.collected : 0);
  out.put(26, booking.held ? booking.refunded : 0);
  out.put(27, fact.has_lead);
  out.put(28, fact.has_lead ? fact.lead : 0);
}

TallyStatus put_visit(const Fact& fact, const Rules& rules, const Visit& visit, Entries& out) {
  constexpr std::array<Unit, 5> units = {Unit::day, Unit::week, Unit::month, Unit::quarter,
                                         Unit::year};
  constexpr std::int64_t retention = 365 * kDay;
  const bool returning = visit.previous != kNoBegin;
  std::array<std::int64_t, units.size()> starts;
  for (std::size_t i = 0; i < units.size(); ++i)
    starts[i] = start_of(units[i], visit.starts, rules.week_start);

  bool rebooked = false;
  bool converted = false;
  if (within(fact.next_created_at, fact.ended_at, rules.rebook_within, rebooked) !=
          TallyStatus::ok ||
      within(fact.session_at, fact.ended_at, rules.convert_within, converted) != TallyStatus::ok)
    return TallyStatus::overflow;

  out.put(29, 1);
  out.put(30, !returning);
  out.put(31, returning);
  for (std::size_t i = 0; i < units.size(); ++i)
    out.put(32 + static_cast<int>(i), visit.previous < starts[i]);
  for (std::size_t i = 0; i < units.size(); ++i)
    out.put(37 + static_cast<int>(i),
            returning && visit.previous < starts[i] && visit.previous >= starts[i] - retention);
  out.put(42, rebooked);
  out.put(43, fact.consultation);
  out.put(44, fact.consultation && converted);
  return TallyStatus::ok;
}

// The fact whose contributions are asked for, and where they go.
struct Task {
  const Fact& fact;
  const Rules& rules;
  unsigned bases;
  void (*sink)(void* context, const Contribution& contribution);
  void* context;

  bool wants(Basis basis) const { return (bases & static_cast<unsigned>(basis)) != 0; }
  void give(Basis basis, Instant at, std::string_view currency, const Entries& entries) const {
    if (!entries.span().empty()) sink(context, {basis, at, currency, entries.span()});
  }
};

void contribute_booked(const Task& task, const Booking& booking) {
  const Fact& fact = task.fact;
  if (!known(fact.created_at)) return;
  Entries out;
  put_booking(fact, booking, out);
  if (fact.has_lead) {
    out.put(kLeadClasses + lead_class(fact.lead), 1);
    out.put(kLeadBins + lead_bin(fact.lead), 1);
  }
  task.give(Basis::booked, fact.created_at, fact.currency, out);
}

TallyStatus contribute_service(const Task& task, const Booking& booking, const Visit& visit) {
  const Fact& fact = task.fact;
  if (!known(fact.starts_at)) return TallyStatus::ok;
  Entries out;
  put_booking(fact, booking, out);
  if (booking.visit) {
    const TallyStatus status = put_visit(fact, task.rules, visit, out);
    if (status != TallyStatus::ok) return status;
  }
  if (fact.has_lead) out.put(kLeadClasses + lead_class(fact.lead), 1);
  if (booking.accepted) {
    const std::int64_t starts =
        booking.visit ? visit.starts : task.rules.local(task.rules.zone, fact.starts_at);
    out.put(kHoursOfWeek + hour_of_week(starts), 1);
  }
  if (fact.has_lead) out.put(kLeadBins + lead_bin(fact.lead), 1);
  task.give(Basis::service, fact.starts_at, fact.currency, out);
  return TallyStatus::ok;
}

void contribute_cohort(const Task& task, const Booking& booking, const Visit& visit) {
  const Fact& fact = task.fact;
  if (!known(fact.first_at)) return;
  Entries out;
  out.put(kCohortPeople + visit.months,
          visit.previous < start_of(Unit::month, visit.starts, task.rules.week_start));
  out.put(kCohortValue + visit.months, fact.has_price ? fact.price : 0);
  out.put(kCohortCollected + visit.months, booking.collected);
  task.give(Basis::cohort, fact.first_at, fact.currency, out);
}

void give_event(const Task& task, Instant at, std::initializer_list<TallyEntry> counts) {
  if (!known(at)) return;
  Entries out;
  for (const TallyEntry& entry : counts)
    out.put(entry.index, entry.count);
  task.give(Basis::event, at, task.fact.currency, out);
}

TallyStatus contribute_events(const Task& task, const Booking& booking) {
  const Fact& fact = task.fact;
  give_event(task, fact.created_at, {{1, 1}, {2, 1}});
  give_event(task, fact.confirmed_at, {{3, 1}});
  for (std::size_t i = 0; i < fact.hopped_at.size(); ++i)
    give_event(task, fact.hopped_at[i], {{2, 1}, {11, i == 0 ? 1 : 0}, {12, 1}});
  if (booking.cancelled) {
    Instant at = fact.cancelled_at;
    if (!known(at) && !add(fact.awaiting_at, task.rules.lapse_after, at))
      return TallyStatus::overflow;
    Entries out;
    put_cancellation(booking, out);
    task.give(Basis::event, at, fact.currency, out);
  }
  give_event(task, fact.rejected_at, {{15, 1}});
  give_event(task, fact.paid_at, {{23, fact.has_price ? fact.price : 0}});
  for (const Payment& payment : fact.entries) {
    Entries out;
    out.put(payment.refund ? 24 : 23, payment.amount);
    task.give(Basis::event, payment.paid_at, payment.currency, out);
  }
  return TallyStatus::ok;
}

}  // namespace

TallyStatus contribute(const Fact& fact, const Rules& rules, unsigned bases,
                       void (*sink)(void* context, const Contribution& contribution),
                       void* context) {
  const Task task = {fact, rules, bases, sink, context};
  Booking booking;
  TallyStatus status = booking_of(fact, rules, booking);
  if (status != TallyStatus::ok) return status;
  Visit visit = {};
  if (booking.visit && (task.wants(Basis::service) || task.wants(Basis::cohort)))
    visit = visit_of(fact, rules);

  if (task.wants(Basis::booked)) contribute_booked(task, booking);
  if (task.wants(Basis::service)) status = contribute_service(task, booking, visit);
  if (status == TallyStatus::ok && task.wants(Basis::event))
    status = contribute_events(task, booking);
  if (status == TallyStatus::ok && task.wants(Basis::cohort) && booking.visit)
    contribute_cohort(task, booking, visit);
  return status;
}

}  // namespace calytics::core
