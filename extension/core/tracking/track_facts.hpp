// What tracked events amount to: sessions, and the way of each through the funnel of a service. A
// fact holds all that later events need to change it, so that nobody reads old events again, but
// where one comes in that happened before others of its funnel.
//
// Guarantees: nothing here throws or allocates; the order in which events are joined to sessions
// doesn't matter. Texts are views of what the caller keeps; one without data is NULL.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string_view>

namespace calytics::core {

inline constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::min();

enum class EventKind : std::uint8_t { view, select, start, submit, complete, abandon, other };

// The kind of an event of that type.
EventKind event_kind(std::string_view type) noexcept;

// UTM source, medium and campaign, and the referrer's host.
using Origin = std::array<std::string_view, 4>;
inline constexpr std::size_t kReferrer = 3;

struct TrackedEvent {
  std::string_view session;
  std::string_view service;
  std::string_view id;
  std::string_view uid;  // of a booking, once a webhook tells of it
  Origin origin;
  std::int64_t at = kNever;
  std::int64_t received_at = kNever;
  EventKind kind = EventKind::other;
  // No event, but a webhook that says that the session made this booking; or without a uid, a step
  // that it has taken therefore.
  bool told = false;

  bool is_implied() const noexcept { return told && uid.data() == nullptr; }
};

// A booking that a webhook says a session made, after the steps that lead there, a microsecond
// apart; the first of the funnel is the page's alone to tell.
std::array<TrackedEvent, 4> booked_steps(const TrackedEvent& booking) noexcept;

// A row of calytics.tracked_session, but for its key's first columns.
struct SessionFact {
  std::int64_t began_at = kNever;
  std::int64_t ended_at = kNever;
  std::int64_t received_first = kNever;
  std::int64_t received_last = kNever;
  std::int32_t events = 0;
  Origin origin;
  std::int64_t origin_at = kNever;  // when the event happened that tells it, and its id
  std::string_view origin_id;
  bool claimed = false;
  bool booked = false;

  bool operator==(const SessionFact& other) const noexcept;
};

// Of one that is not implied.
SessionFact session_of(const TrackedEvent& event) noexcept;

// Joins sessions and parts of sessions of one id that no more than half an hour lies between.
// Returns how many are left, in order of time.
std::size_t join_sessions(std::span<SessionFact> facts) noexcept;

inline constexpr std::size_t kFunnelSteps = 5;
inline constexpr std::size_t kFunnelTimes = 7;
inline constexpr std::size_t kAbandoned = 5;
inline constexpr std::size_t kBooked = 6;

// A row of calytics.funnel, but for its key's first columns. Of events that are no step, claim or
// abandonment, and name no booking, it knows nothing.
struct FunnelFact {
  std::string_view service;
  std::int64_t received_first = kNever;
  std::int64_t received_last = kNever;
  std::int64_t started_at = kNever;
  std::int64_t ended_at = kNever;
  // The first view, selection, start, submission and claim, the last abandonment, the first that
  // names a booking.
  std::array<std::int64_t, kFunnelTimes> times = {kNever, kNever, kNever, kNever,
                                                  kNever, kNever, kNever};
  std::string_view uid;
  std::array<std::int64_t, kFunnelSteps> reached = {};
  std::size_t steps = 0;

  bool operator==(const FunnelFact& other) const noexcept;
  std::span<const std::int64_t> ways() const noexcept { return {reached.data(), steps}; }
};

inline bool concerns_funnel(const TrackedEvent& event) noexcept {
  return event.kind != EventKind::other || event.uid.data() != nullptr;
}

// Adds an event that concerns the funnel, which one that is implied doesn't begin; false if it
// happened before another that is in it, so that all of them are needed.
bool add_to_funnel(FunnelFact& fact, const TrackedEvent& event) noexcept;

}  // namespace calytics::core
