// Both questions are asked along a sorted line: visits by their start, and bookings by when they
// were made, of which the earliest after a start is the next.
#include "core/booking/person_order.hpp"

#include <algorithm>
#include <tuple>

namespace calytics::core {
namespace {

Instant made_at(const Placed& booking) {
  return booking.starts_at == kUnknown ? booking.created_at
                                       : std::min(booking.created_at, booking.starts_at);
}

}  // namespace

void place(std::span<Placed*> placed, std::span<const Placed*> made) {
  std::size_t count = 0;
  for (const Placed* booking : placed) {
    if (booking->created_at != kUnknown) made[count++] = booking;
  }
  made = made.first(count);
  std::sort(made.begin(), made.end(),
            [](const Placed* a, const Placed* b) { return made_at(*a) < made_at(*b); });
  std::sort(placed.begin(), placed.end(), [](const Placed* a, const Placed* b) {
    return std::tie(a->starts_at, a->root) < std::tie(b->starts_at, b->root);
  });

  const Placed* first = nullptr;
  const Placed* previous = nullptr;
  for (Placed* booking : placed) {
    if (!booking->visit) continue;
    if (first == nullptr) first = booking;
    booking->first_at = first->starts_at;
    if (previous != nullptr) booking->previous_at = previous->starts_at;
    previous = booking;
  }

  // From the last visit back, what was made after a visit only grows.
  Instant next = kUnknown;
  Instant session = kUnknown;
  std::size_t left = count;
  for (std::size_t i = placed.size(); i > 0; --i) {
    Placed& booking = *placed[i - 1];
    if (!booking.visit) continue;
    for (; left > 0 && made_at(*made[left - 1]) > booking.starts_at; --left) {
      next = made_at(*made[left - 1]);
      if (!made[left - 1]->consultation) session = next;
    }
    booking.next_created_at = next;
    booking.session_at = session;
  }
}

}  // namespace calytics::core
