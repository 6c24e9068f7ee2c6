// What is known of an attendee of a leg, joined as a leg is (booking_state.hpp).
//
// Guarantees: nothing here throws or allocates. Texts are views of what the accounts came from.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <tuple>

#include "core/privacy/person.hpp"
#include "core/time/moment.hpp"

namespace calytics::core {

// The columns of calytics.attendee, which explains them.
struct AttendeeState {
  std::int32_t source = 0;
  std::string_view uid;
  PersonId customer{};
  std::int32_t position = 0;
  std::optional<std::string_view> seat_id;
  bool active = false;
  Moment active_at;
  std::optional<bool> no_show;
  std::optional<Moment> no_show_at;

  bool operator==(const AttendeeState&) const = default;

  // The members in the order of the table's columns.
  template <class State>
  static constexpr auto columns(State& s) {
    return std::tie(s.source, s.uid, s.customer, s.position, s.seat_id, s.active, s.active_at,
                    s.no_show, s.no_show_at);
  }
};

AttendeeState join(const AttendeeState& a, const AttendeeState& b) noexcept;

// Attendees of a leg, one a person, those already known first and these by person.
struct Attendance {
  std::span<AttendeeState> people;
  std::size_t known = 0;

  std::int32_t seats() const noexcept;     // held now
  std::int32_t no_shows() const noexcept;  // those of them marked as no-show
};

// Joins what is told into what is known. `people` has room for all of both and begins with the
// `known` ones; `changed` has room for as many flags, and says which are not as they were.
Attendance join(std::span<AttendeeState> people, std::size_t known,
                std::span<const AttendeeState> told, std::span<bool> changed) noexcept;

}  // namespace calytics::core
