// What a booking says in free text, joined as a leg is (booking_state.hpp): the text told last
// stands, and so does the reason.
//
// Guarantees: nothing here throws or allocates. Texts are views of what the accounts came from.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <tuple>

#include "core/time/moment.hpp"

namespace calytics::core {

// The columns of calytics.booking_private. What of it is jsonb is compared byte by byte.
struct BookingTexts {
  using Text = std::optional<std::string_view>;

  std::int32_t source = 0;
  std::string_view uid;
  Text title;
  Text location;
  Text notes;
  Text answers;
  Text metadata;
  std::optional<Moment> told_at;
  Text reason;
  std::optional<Moment> reason_at;

  bool operator==(const BookingTexts&) const = default;

  // The members in the order of the table's columns.
  template <class State>
  static constexpr auto columns(State& s) {
    return std::tie(s.source, s.uid, s.title, s.location, s.notes, s.answers, s.metadata, s.told_at,
                    s.reason, s.reason_at);
  }
};

BookingTexts join(const BookingTexts& a, const BookingTexts& b) noexcept;

}  // namespace calytics::core
