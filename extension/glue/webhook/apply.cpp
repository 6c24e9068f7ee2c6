// Applies a normalised webhook to the booking it speaks of, and to the leg that this one replaces.
// Locks are taken leg first, then predecessor; the delivery's number is drawn only when all are
// held, so that numbers follow the order in which each booking really changed.

#include "glue/webhook/apply.hpp"

extern "C" {
#include "commands/sequence.h"
}

#include <algorithm>
#include <span>

#include "core/booking/evidence.hpp"
#include "glue/facts/marks.hpp"
#include "glue/pg/columns.hpp"
#include "glue/pg/sequence.hpp"
#include "glue/pg/settings.hpp"
#include "glue/webhook/booking_tables.hpp"
#include "glue/webhook/catalogue.hpp"
#include "glue/webhook/legs.hpp"

namespace calytics::glue {
namespace {

using core::AttendeeState;
using core::Moment;
using core::Webhook;

constexpr Oid kLink[] = {INT4OID, TEXTOID};

Statement link_chain("select l.uid, l.root_uid from calytics.link_chain($1, $2) l", kLink);

// Distinct texts, few of them.
class Names {
 public:
  void add(std::string_view name) {
    if (std::find(names_, names_ + size_, name) != names_ + size_) return;
    if (size_ == room_) grow();
    names_[size_++] = name;
  }
  bool empty() const { return size_ == 0; }
  std::span<const std::string_view> all() const { return {names_, size_}; }

 private:
  void grow() {
    room_ = 2 * room_ + 4;
    auto* wider = static_cast<std::string_view*>(palloc(sizeof(std::string_view) * room_));
    std::copy_n(names_, size_, wider);
    names_ = wider;
  }

  std::string_view* names_ = nullptr;
  std::size_t size_ = 0;
  std::size_t room_ = 0;
};

// What is to be told of once all is applied.
struct Effects {
  MemoryContext memory;
  Names changed;           // legs
  Names roots;             // of chains
  core::BookingState leg;  // the webhook's, as it stands unless its chain was relinked
  bool relinked = false;
};

// Links a leg behind the one it replaced, which is locked. One that is new and that nothing follows
// takes its place from there; otherwise the legs behind it move along.
void link(BookingTables& tables, core::BookingState& leg, bool fresh,
          const core::BookingState& replaced, Effects& effects) {
  if (fresh && !has_followers(leg)) {
    place_leg(tables, leg, replaced.root_uid, replaced.hops + 1);
    return;
  }
  effects.roots.add(leg.root_uid);
  effects.relinked = true;
  Arguments()
      .put_all(leg.source, leg.uid)
      .write(
          link_chain,
          [](void* context, const Datum* values, const bool* nulls) {
            auto* effects = static_cast<Effects*>(context);
            MemoryContext before = MemoryContextSwitchTo(effects->memory);
            Columns row(values, nulls);
            std::string_view uid;
            std::string_view root;
            row.take(uid);
            row.take(root);
            effects->changed.add(uid);
            effects->roots.add(root);
            MemoryContextSwitchTo(before);
          },
          &effects);
}

std::span<AttendeeState> attendees_of(const Webhook& webhook, std::int32_t source, Moment at) {
  const std::size_t count = webhook.attendees.size();
  auto* people = static_cast<AttendeeState*>(palloc(sizeof(AttendeeState) * (count + 1)));
  for (std::size_t i = 0; i < count; ++i) {
    people[i] = core::attendee_evidence(webhook, i, at);
    people[i].source = source;
  }
  return {people, count};
}

// Which session made the booking, whose leg is locked, and when that is first told; true if
// anything is different.
bool learn_session(Table& sessions, std::int32_t source, const Webhook& webhook, Moment at) {
  const Webhook::Text session = core::session_evidence(webhook);
  if (!session) return false;
  const Arguments row = Arguments().put_all(source, *webhook.uid, *session, at);
  if (!sessions.find(leg_key(source, *webhook.uid).put(*session))) {
    sessions.insert(row);
    return true;
  }
  constexpr int booked_at = 3;
  if (moment_of(DatumGetTimestampTz(sessions.value(booked_at))) <= at) return false;
  sessions.update(row);
  return true;
}

Effects apply_to_legs(BookingTables& tables, const Webhook& webhook, std::int32_t source, Moment at,
                      bool& fresh) {
  Effects effects;
  effects.memory = CurrentMemoryContext;
  auto* name = static_cast<core::HostName*>(palloc(sizeof(core::HostName)));
  core::BookingState told = core::booking_evidence(webhook, at, *name);
  told.source = source;
  std::span<AttendeeState> people = attendees_of(webhook, source, at);
  Touched leg = touch_leg(tables, told, people);
  fresh = leg.fresh;
  if (leg.changed) effects.changed.add(leg.leg.uid);

  if (core::has_predecessor(webhook)) {
    // A seat that moved is a seat given up in the slot it left.
    if (core::moves_seat(webhook)) {
      for (AttendeeState& person : people)
        person = core::seat_given_up(person, *webhook.reschedule_uid);
    } else {
      people = {};
    }
    core::BookingState left = core::predecessor_evidence(webhook);
    left.source = source;
    const Touched old = touch_leg(tables, left, people);
    if (old.changed) effects.changed.add(old.leg.uid);
    if (old.saved || leg.linked) effects.roots.add(old.leg.root_uid);
    if (leg.linked) link(tables, leg.leg, leg.fresh, old.leg, effects);
  }
  const bool joined =
      learn_session(tables.session, source, webhook, core::creation_of(webhook, at));
  if (leg.saved || joined) effects.roots.add(leg.leg.root_uid);
  effects.leg = leg.leg;
  return effects;
}

// A leg's state from then on, as readers see it.
void write_change(BookingTables& tables, const core::BookingState& leg, std::int64_t change,
                  const Delivered& delivered, std::optional<Moment> happened) {
  Arguments row;
  row.put_all(leg.source, leg.uid, change, delivered.delivery.value_or(change),
              delivered.known.value_or(delivered.received), happened, leg.root_uid, leg.hops,
              leg.status, leg.created_at, leg.accepted_at, leg.rejected_at, leg.awaiting_at,
              leg.cancelled_at, leg.cancelled_by, leg.paid_at, leg.starts_at, leg.ends_at,
              leg.event_type_id, leg.service, leg.price, leg.currency, leg.host_id, leg.host,
              leg.customer, leg.seats, leg.no_shows, leg.host_no_show);
  tables.change.insert(row);
}

}  // namespace

std::int64_t place_in_order(const Delivered& delivered) {
  return delivered.ordinal ? *delivered.ordinal
                           : nextval_internal(sequence_named("delivery_id"), false);
}

Understood apply(BookingTables& tables, const Webhook& webhook, const Delivered& delivered) {
  std::optional<Moment> happened;
  if (webhook.happened_at) happened = Moment{*webhook.happened_at};
  const Moment at = happened.value_or(delivered.received);
  bool fresh = false;
  const Effects effects = apply_to_legs(tables, webhook, delivered.source, at, fresh);
  if (!effects.roots.empty() && collects_metrics()) {
    mark_chains(tables.mark, delivered.source, effects.roots.all());
  }
  learn_texts(tables.texts, delivered.source, webhook, at, fresh);
  learn_names(tables, delivered.source, webhook, at);

  const std::int64_t change = place_in_order(delivered);
  if (effects.changed.empty()) return {.outcome = "unchanged", .detail = {}, .change = change};
  for (const std::string_view uid : effects.changed.all()) {
    if (uid == effects.leg.uid && !effects.relinked) {
      write_change(tables, effects.leg, change, delivered, happened);
    } else if (tables.booking.find(leg_key(delivered.source, uid))) {
      write_change(tables, tables.booking.row<core::BookingState>(), change, delivered, happened);
    }
  }
  return {.outcome = "applied", .detail = {}, .change = change};
}

}  // namespace calytics::glue
