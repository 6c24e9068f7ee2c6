// Reads the list of a booking's attendees: one entry a person.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "core/booking/webhook.hpp"
#include "core/text/json_value.hpp"

namespace calytics::core {

struct AttendeeCounts {
  std::size_t all = 0;     // entries of the list as sent
  std::size_t stored = 0;  // those that are rows of Cal.com's database: with `id` and `bookingId`
};

// Replaces `attendees` and `counts`. Whoever has neither e-mail address nor phone number is left
// out; of a person named twice the first position is kept and what was missing added. Entries
// beyond kMaxAttendees are only counted. May throw std::bad_alloc.
JsonError read_attendees(JsonValue& list, std::string_view person_key, TextStore& texts,
                         std::vector<Attendee>& attendees, AttendeeCounts& counts);

}  // namespace calytics::core
