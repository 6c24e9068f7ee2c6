// What is known of a leg: a row of registers, each of which only ever moves one way. The earliest
// or the latest telling wins, ties go by value. The join of two accounts is therefore commutative,
// associative and idempotent, and so is applying webhooks; the tests hold it to that.
//
// Guarantees: nothing here throws or allocates. Texts are views of what the accounts came from.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <tuple>

#include "core/privacy/person.hpp"
#include "core/time/moment.hpp"

namespace calytics::core {

// The columns of calytics.booking, which explains them.
struct BookingState {
  using Text = std::optional<std::string_view>;
  using Number = std::optional<std::int64_t>;
  using Instant = std::optional<Moment>;
  using Flag = std::optional<bool>;

  std::int32_t source = 0;
  std::string_view uid;
  Number booking_id;
  Text reschedule_uid;
  std::string_view root_uid;
  std::int32_t hops = 0;
  Text superseded_by;
  Text moved_to;
  std::string_view status;
  Instant created_at;
  Instant accepted_at;
  Instant rejected_at;
  Instant awaiting_at;
  Instant cancelled_at;
  Text cancelled_by;
  Instant paid_at;
  Number payment_id;
  Instant starts_at;
  Instant ends_at;
  Instant schedule_at;
  Number event_type_id;
  Text service;
  Number price;
  Text currency;
  Instant price_at;
  Number host_id;
  Text host;
  Instant host_at;
  std::optional<PersonId> customer;
  Instant customer_at;
  std::int32_t seats = 0;
  std::int32_t no_shows = 0;
  Number seats_per_slot;
  bool recurring = false;
  Text series;
  Flag host_no_show;
  Instant host_no_show_at;

  bool operator==(const BookingState&) const = default;

  // The members in the order of the table's columns.
  template <class State>
  static constexpr auto columns(State& s) {
    return std::tie(s.source, s.uid, s.booking_id, s.reschedule_uid, s.root_uid, s.hops,
                    s.superseded_by, s.moved_to, s.status, s.created_at, s.accepted_at,
                    s.rejected_at, s.awaiting_at, s.cancelled_at, s.cancelled_by, s.paid_at,
                    s.payment_id, s.starts_at, s.ends_at, s.schedule_at, s.event_type_id, s.service,
                    s.price, s.currency, s.price_at, s.host_id, s.host, s.host_at, s.customer,
                    s.customer_at, s.seats, s.no_shows, s.seats_per_slot, s.recurring, s.series,
                    s.host_no_show, s.host_no_show_at);
  }
};

// What is derived (status, seats, no_shows) or a matter of the chain (root_uid, hops) is a's.
BookingState join(const BookingState& a, const BookingState& b) noexcept;

// What can't be undone outranks what came before it.
std::string_view status_of(const BookingState& booking) noexcept;

// Whether readers see no difference: the times at which something was told don't show.
bool looks_alike(const BookingState& a, const BookingState& b) noexcept;

}  // namespace calytics::core
