#include "core/tracking/track_facts.hpp"

#include <algorithm>

namespace calytics::core {

namespace {

constexpr std::int64_t kMinute = 60'000'000;
constexpr std::int64_t kSilence = 30 * kMinute;
constexpr std::int64_t kWindow = std::int64_t{24} * 60 * kMinute;
constexpr std::size_t kBookedStep = kFunnelSteps - 1;

constexpr std::array<std::string_view, 6> kKinds = {"SERVICE_VIEW",     "SERVICE_SELECT",
                                                    "BOOKING_START",    "BOOKING_SUBMIT",
                                                    "BOOKING_COMPLETE", "BOOKING_ABANDON"};

bool same(std::string_view a, std::string_view b) noexcept {
  return (a.data() == nullptr) == (b.data() == nullptr) && a == b;
}

bool same(const Origin& a, const Origin& b) noexcept {
  return std::equal(a.begin(), a.end(), b.begin(),
                    [](std::string_view x, std::string_view y) { return same(x, y); });
}

// NULL is the greatest.
int compare(std::string_view a, std::string_view b) noexcept {
  if (a.data() == nullptr || b.data() == nullptr)
    return static_cast<int>(a.data() == nullptr) - static_cast<int>(b.data() == nullptr);
  return a.compare(b);
}

bool tells_origin(const SessionFact& fact) noexcept {
  return fact.origin_at != kNever;
}

// Whether a's origin was told before b's.
bool told_before(const SessionFact& a, const SessionFact& b) noexcept {
  if (!tells_origin(a) || !tells_origin(b)) return tells_origin(a);
  if (a.origin_at != b.origin_at) return a.origin_at < b.origin_at;
  int order = compare(a.origin_id, b.origin_id);
  for (std::size_t i = 0; order == 0 && i < a.origin.size(); ++i)
    order = compare(a.origin[i], b.origin[i]);
  return order < 0;
}

void join(SessionFact& to, const SessionFact& from) noexcept {
  if (told_before(from, to)) {
    to.origin = from.origin;
    to.origin_at = from.origin_at;
    to.origin_id = from.origin_id;
  }
  to.began_at = std::min(to.began_at, from.began_at);
  to.ended_at = std::max(to.ended_at, from.ended_at);
  to.received_first = std::min(to.received_first, from.received_first);
  to.received_last = std::max(to.received_last, from.received_last);
  to.events += from.events;
  to.claimed = to.claimed || from.claimed;
  to.booked = to.booked || from.booked;
}

void take_step(FunnelFact& fact, std::size_t step, std::int64_t at) noexcept {
  if (step != fact.steps) return;
  if (step > 0 && (at <= fact.reached[step - 1] || at > fact.reached[0] + kWindow)) return;
  fact.reached[fact.steps++] = at;
}

void make_first(std::int64_t& first, std::int64_t at) noexcept {
  if (first == kNever) first = at;
}

}  // namespace

EventKind event_kind(std::string_view type) noexcept {
  return static_cast<EventKind>(std::find(kKinds.begin(), kKinds.end(), type) - kKinds.begin());
}

bool SessionFact::operator==(const SessionFact& other) const noexcept {
  return began_at == other.began_at && ended_at == other.ended_at &&
         received_first == other.received_first && received_last == other.received_last &&
         events == other.events && same(origin, other.origin) && origin_at == other.origin_at &&
         same(origin_id, other.origin_id) && claimed == other.claimed && booked == other.booked;
}

std::array<TrackedEvent, 4> booked_steps(const TrackedEvent& booking) noexcept {
  constexpr std::array<EventKind, 3> kinds = {EventKind::select, EventKind::start,
                                              EventKind::submit};
  std::array<TrackedEvent, kinds.size() + 1> steps;
  steps.fill(booking);
  for (std::size_t i = 0; i < kinds.size(); ++i) {
    steps[i].kind = kinds[i];
    steps[i].uid = {};
    steps[i].at -= static_cast<std::int64_t>(kinds.size() - i);
  }
  return steps;
}

SessionFact session_of(const TrackedEvent& event) noexcept {
  SessionFact fact;
  fact.began_at = event.at;
  fact.ended_at = event.at;
  fact.received_first = event.received_at;
  fact.received_last = event.received_at;
  fact.events = event.told ? 0 : 1;
  if (std::any_of(event.origin.begin(), event.origin.end(),
                  [](std::string_view part) { return part.data() != nullptr; })) {
    fact.origin = event.origin;
    fact.origin_at = event.at;
    fact.origin_id = event.id;
  }
  fact.claimed = event.kind == EventKind::complete;
  fact.booked = event.uid.data() != nullptr;
  return fact;
}

std::size_t join_sessions(std::span<SessionFact> facts) noexcept {
  if (facts.empty()) return 0;
  std::sort(facts.begin(), facts.end(),
            [](const SessionFact& a, const SessionFact& b) { return a.began_at < b.began_at; });
  std::size_t last = 0;
  for (std::size_t i = 1; i < facts.size(); ++i) {
    if (facts[i].began_at - facts[last].ended_at <= kSilence) {
      join(facts[last], facts[i]);
    } else {
      facts[++last] = facts[i];
    }
  }
  return last + 1;
}

bool FunnelFact::operator==(const FunnelFact& other) const noexcept {
  return service == other.service && received_first == other.received_first &&
         received_last == other.received_last && started_at == other.started_at &&
         ended_at == other.ended_at && times == other.times && same(uid, other.uid) &&
         std::ranges::equal(ways(), other.ways());
}

bool add_to_funnel(FunnelFact& fact, const TrackedEvent& event) noexcept {
  if (event.is_implied()) {
    take_step(fact, static_cast<std::size_t>(event.kind), event.at);
    return true;
  }
  if (fact.ended_at == kNever) {
    fact.service = event.service;
    fact.received_first = event.received_at;
    fact.received_last = event.received_at;
    fact.started_at = event.at;
  } else if (event.at < fact.ended_at) {
    return false;
  }
  fact.ended_at = event.at;
  fact.received_first = std::min(fact.received_first, event.received_at);
  fact.received_last = std::max(fact.received_last, event.received_at);
  const auto kind = static_cast<std::size_t>(event.kind);
  if (kind == kAbandoned) {
    fact.times[kind] = event.at;
  } else if (event.kind != EventKind::other) {
    make_first(fact.times[kind], event.at);
  }
  if (kind < kBookedStep) take_step(fact, kind, event.at);
  if (event.uid.data() != nullptr) {
    if (fact.times[kBooked] == kNever || (fact.times[kBooked] == event.at && event.uid < fact.uid))
      fact.uid = event.uid;
    make_first(fact.times[kBooked], event.at);
    take_step(fact, kBookedStep, event.at);
  }
  return true;
}

}  // namespace calytics::core
