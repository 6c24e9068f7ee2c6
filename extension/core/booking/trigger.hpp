// The names under which Cal.com sends its events. The list grows: an unknown name is no error.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace calytics::core {

// Under which what Cal.com's API tells of a booking is archived among what Cal.com sends.
inline constexpr std::string_view kSynced = "BOOKING_SYNCED";

// Those that say something about a booking's state.
enum class Trigger : std::uint8_t {
  guests_no_show,
  hosts_no_show,
  cancelled,
  confirmed,
  created,
  location_updated,
  no_show_updated,
  paid,
  payment_initiated,
  reassigned,
  rejected,
  requested,
  rescheduled,
  synced,
  meeting_ended,
  meeting_started
};

std::optional<Trigger> booking_trigger(std::string_view name) noexcept;

// Whether Cal.com is known to send it, about bookings or about anything else.
bool is_known_trigger(std::string_view name) noexcept;

}  // namespace calytics::core
