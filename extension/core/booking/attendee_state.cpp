#include "core/booking/attendee_state.hpp"

#include <algorithm>

#include "core/booking/registers.hpp"

namespace calytics::core {
namespace {

auto presence(auto& attendee) {
  return std::tie(attendee.active_at, attendee.active);
}
auto no_show(auto& attendee) {
  return std::tie(attendee.no_show_at, attendee.no_show);
}

}  // namespace

AttendeeState join(const AttendeeState& a, const AttendeeState& b) noexcept {
  AttendeeState joined = a;
  joined.position = std::min(a.position, b.position);
  keep_greatest(joined.seat_id, b.seat_id);
  keep_latest(presence(joined), presence(b));
  keep_latest(no_show(joined), no_show(b));
  return joined;
}

std::int32_t Attendance::seats() const noexcept {
  return static_cast<std::int32_t>(std::ranges::count(people, true, &AttendeeState::active));
}

std::int32_t Attendance::no_shows() const noexcept {
  return static_cast<std::int32_t>(std::ranges::count_if(
      people, [](const AttendeeState& p) { return p.active && p.no_show.value_or(false); }));
}

Attendance join(std::span<AttendeeState> people, std::size_t known,
                std::span<const AttendeeState> told, std::span<bool> changed) noexcept {
  std::ranges::fill(changed, false);
  const auto before = people.first(known);
  std::size_t size = known;
  for (const AttendeeState& one : told) {
    const auto found = std::ranges::lower_bound(before, one.customer, {}, &AttendeeState::customer);
    if (found == before.end() || found->customer != one.customer) {
      people[size] = one;
      changed[size] = true;
      ++size;
      continue;
    }
    const AttendeeState joined = join(*found, one);
    if (joined == *found) continue;
    *found = joined;
    changed[static_cast<std::size_t>(found - before.begin())] = true;
  }
  return {.people = people.first(size), .known = known};
}

}  // namespace calytics::core
