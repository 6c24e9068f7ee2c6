#include "core/booking/booking_state.hpp"

#include "core/booking/registers.hpp"

namespace calytics::core {
namespace {

auto cancellation(auto& b) {
  return std::tie(b.cancelled_at, b.cancelled_by);
}
auto schedule(auto& b) {
  return std::tie(b.schedule_at, b.starts_at, b.ends_at);
}
auto price(auto& b) {
  return std::tie(b.price_at, b.price, b.currency);
}
auto host(auto& b) {
  return std::tie(b.host_at, b.host, b.host_id);
}
auto customer(auto& b) {
  return std::tie(b.customer_at, b.customer);
}
auto host_no_show(auto& b) {
  return std::tie(b.host_no_show_at, b.host_no_show);
}

// Somebody who cancelled goes before nobody known.
bool cancels_before(const BookingState& a, const BookingState& b) {
  if (a.cancelled_at != b.cancelled_at || !a.cancelled_by || !b.cancelled_by) {
    return a.cancelled_at &&
           (!b.cancelled_at || *a.cancelled_at < *b.cancelled_at ||
            (a.cancelled_at == b.cancelled_at && a.cancelled_by > b.cancelled_by));
  }
  return a.cancelled_by < b.cancelled_by;
}

}  // namespace

BookingState join(const BookingState& a, const BookingState& b) noexcept {
  BookingState joined = a;
  keep_greatest(joined.booking_id, b.booking_id);
  keep_greatest(joined.reschedule_uid, b.reschedule_uid);
  keep_greatest(joined.superseded_by, b.superseded_by);
  keep_greatest(joined.moved_to, b.moved_to);
  keep_greatest(joined.payment_id, b.payment_id);
  keep_greatest(joined.event_type_id, b.event_type_id);
  keep_greatest(joined.service, b.service);
  keep_greatest(joined.seats_per_slot, b.seats_per_slot);
  keep_greatest(joined.series, b.series);
  keep_greatest(joined.recurring, b.recurring);

  keep_first(joined.created_at, b.created_at);
  keep_first(joined.accepted_at, b.accepted_at);
  keep_first(joined.rejected_at, b.rejected_at);
  keep_first(joined.awaiting_at, b.awaiting_at);
  keep_first(joined.paid_at, b.paid_at);

  if (cancels_before(b, joined)) cancellation(joined) = cancellation(b);
  keep_latest(schedule(joined), schedule(b));
  keep_first(price(joined), price(b));
  keep_latest(host(joined), host(b));
  keep_first(customer(joined), customer(b));
  keep_latest(host_no_show(joined), host_no_show(b));
  return joined;
}

std::string_view status_of(const BookingState& booking) noexcept {
  if (booking.superseded_by || (booking.moved_to && booking.seats == 0)) return "superseded";
  if (booking.cancelled_at) return "cancelled";
  if (booking.rejected_at) return "rejected";
  if (booking.awaiting_at) return "awaiting_rebook";
  if (booking.accepted_at) return "accepted";
  return "pending";
}

bool looks_alike(const BookingState& a, const BookingState& b) noexcept {
  BookingState seen = b;
  seen.root_uid = a.root_uid;
  seen.hops = a.hops;
  seen.schedule_at = a.schedule_at;
  seen.price_at = a.price_at;
  seen.host_at = a.host_at;
  seen.customer_at = a.customer_at;
  seen.host_no_show_at = a.host_no_show_at;
  return seen == a;
}

}  // namespace calytics::core
