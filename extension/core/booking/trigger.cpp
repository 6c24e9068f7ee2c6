#include "core/booking/trigger.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace calytics::core {
namespace {

using Named = std::pair<std::string_view, Trigger>;

constexpr auto kBookingTriggers = std::to_array<Named>({
    {"AFTER_GUESTS_CAL_VIDEO_NO_SHOW", Trigger::guests_no_show},
    {"AFTER_HOSTS_CAL_VIDEO_NO_SHOW", Trigger::hosts_no_show},
    {"BOOKING_CANCELLED", Trigger::cancelled},
    {"BOOKING_CONFIRMED", Trigger::confirmed},
    {"BOOKING_CREATED", Trigger::created},
    {"BOOKING_LOCATION_UPDATED", Trigger::location_updated},
    {"BOOKING_NO_SHOW_UPDATED", Trigger::no_show_updated},
    {"BOOKING_PAID", Trigger::paid},
    {"BOOKING_PAYMENT_INITIATED", Trigger::payment_initiated},
    {"BOOKING_REASSIGNED", Trigger::reassigned},
    {"BOOKING_REJECTED", Trigger::rejected},
    {"BOOKING_REQUESTED", Trigger::requested},
    {"BOOKING_RESCHEDULED", Trigger::rescheduled},
    {kSynced, Trigger::synced},
    {"MEETING_ENDED", Trigger::meeting_ended},
    {"MEETING_STARTED", Trigger::meeting_started},
});
static_assert(std::ranges::is_sorted(kBookingTriggers, {}, &Named::first));

constexpr auto kOtherTriggers = std::to_array<std::string_view>({
    "CALENDAR_ENTRY_REJECTED",
    "DELEGATION_CREDENTIAL_ERROR",
    "FORM_SUBMITTED",
    "FORM_SUBMITTED_NO_EVENT",
    "INSTANT_MEETING",
    "INSTANT_MEETING_ACCEPTED",
    "OOO_CREATED",
    "PING",
    "RECORDING_READY",
    "RECORDING_TRANSCRIPTION_GENERATED",
    "ROUTING_FORM_FALLBACK_HIT",
    "WRONG_ASSIGNMENT_REPORT",
});
static_assert(std::ranges::is_sorted(kOtherTriggers));

}  // namespace

std::optional<Trigger> booking_trigger(std::string_view name) noexcept {
  const auto* named = std::ranges::lower_bound(kBookingTriggers, name, {}, &Named::first);
  if (named == kBookingTriggers.end() || named->first != name) return std::nullopt;
  return named->second;
}

bool is_known_trigger(std::string_view name) noexcept {
  return booking_trigger(name) || std::ranges::binary_search(kOtherTriggers, name);
}

}  // namespace calytics::core
