#include "core/tracking/track_counts.hpp"

#include <algorithm>

#include "core/metrics/cells.hpp"

namespace calytics::core {

namespace {

constexpr std::int64_t kLongest = (std::int64_t{1} << 24) - 1;  // of a bin

// Measures by number, as calytics.measure has them.
enum Measure : std::int32_t {
  kEvents = 50,
  kFirstType = 51,
  kBotEvents = 58,
  kLateEvents = 59,
  kRemoved = 60,
  kDurations = 61,
  kDurationSum = 62,
  kSessions = 70,
  kClaimed = 71,
  kBookedSessions = 72,
  kUnverified = 73,
  kFirstStep = 80,
  kConvertSum = 85
};

constexpr std::array<std::string_view, 7> kTypes = {
    "PAGE_VIEW",      "SERVICE_VIEW",     "SERVICE_SELECT", "BOOKING_START",
    "BOOKING_SUBMIT", "BOOKING_COMPLETE", "BOOKING_ABANDON"};

std::int32_t bin(std::int64_t value) noexcept {
  return lead_bin(std::clamp<std::int64_t>(value, 0, kLongest));
}

TallyEntry entry(std::int64_t index, std::int64_t count) noexcept {
  return {static_cast<std::uint16_t>(index), count};
}

}  // namespace

std::size_t count_event(const CountedEvent& event, TrackCounts& counts) noexcept {
  std::size_t size = 0;
  if (event.bot) {
    counts[size++] = entry(kBotEvents, 1);
    return size;
  }
  counts[size++] = entry(kEvents, 1);
  const auto* const type = std::find(kTypes.begin(), kTypes.end(), event.type);
  if (type != kTypes.end()) counts[size++] = entry(kFirstType + (type - kTypes.begin()), 1);
  if (event.late) counts[size++] = entry(kLateEvents, 1);
  if (event.removed != 0) counts[size++] = entry(kRemoved, event.removed);
  if (event.duration) {
    counts[size++] = entry(kDurations, 1);
    if (*event.duration != 0) counts[size++] = entry(kDurationSum, *event.duration);
    counts[size++] = entry(kDurationBins + bin(*event.duration), 1);
  }
  return size;
}

std::size_t count_session(bool claimed, bool booked, TrackCounts& counts) noexcept {
  std::size_t size = 0;
  counts[size++] = entry(kSessions, 1);
  if (claimed) counts[size++] = entry(kClaimed, 1);
  if (booked) counts[size++] = entry(kBookedSessions, 1);
  if (claimed && !booked) counts[size++] = entry(kUnverified, 1);
  return size;
}

std::size_t count_steps(std::span<const std::int64_t> times, std::int64_t as_of,
                        TrackCounts& counts) noexcept {
  constexpr std::size_t all = kConvertSum - kFirstStep;
  std::size_t size = 0;
  while (size < std::min(times.size(), all) && times[size] <= as_of) {
    counts[size] = entry(kFirstStep + static_cast<std::int64_t>(size), 1);
    ++size;
  }
  if (size == all) {
    constexpr std::int64_t millisecond = 1000;
    constexpr std::int64_t second = 1'000'000;
    const std::int64_t took = times[all - 1] - times[0];
    if (took >= millisecond) counts[size++] = entry(kConvertSum, took / millisecond);
    counts[size++] = entry(kConvertBins + bin(took / second), 1);
  }
  return size;
}

}  // namespace calytics::core
