// What the current leg doesn't tell is taken from the legs behind it, in their order.
#include "core/booking/chain.hpp"

#include <algorithm>
#include <tuple>

#include "core/time/local_time.hpp"

namespace calytics::core {
namespace {

constexpr std::int64_t kMinute = kHour / 60;

constexpr Instant either(Instant at, Instant instead) {
  return known(at) ? at : instead;
}

constexpr Instant earlier(Instant a, Instant b) {
  return known(a) && known(b) ? std::min(a, b) : either(a, b);
}

constexpr Instant finite(Instant at, Instant instead) {
  return at == kNoEnd ? instead : at;
}

// Whole minutes from one to the other; 0 where one is not known.
std::int64_t minutes_between(Instant from, Instant to) {
  return known(from) && known(to) ? (to - from) / kMinute : 0;
}

// The earliest leg that tells a customer tells it best.
const Leg* customer_of(std::span<const Leg> legs) {
  const Leg* best = nullptr;
  for (const Leg& leg : legs) {
    if (!leg.has_customer) continue;
    if (best == nullptr || std::tie(leg.hops, leg.uid) < std::tie(best->hops, best->uid))
      best = &leg;
  }
  return best;
}

// What is taken from whichever leg tells it.
void gather(std::span<const Leg> legs, std::span<Instant> hops, Chain& chain) {
  std::size_t hopped = 0;
  for (const Leg& leg : legs) {
    chain.hops = std::max(chain.hops, leg.hops);
    chain.paid_at = earlier(chain.paid_at, leg.paid_at);
    chain.confirmed_at = earlier(chain.confirmed_at, leg.accepted_at);
    if (known(leg.created_at)) {
      ++chain.legs;
      if (leg.hops > 0) hops[hopped++] = leg.created_at;
    }
    if (!chain.event_type && !chain.service_key) {
      chain.event_type = leg.event_type;
      if (!leg.event_type) chain.service_key = leg.service;
    }
    if (!chain.host_id && !chain.host) {
      chain.host_id = leg.host_id;
      if (!leg.host_id) chain.host = leg.host;
    }
    if (!chain.service) chain.service = leg.service;
    if (!chain.price) {
      chain.price = leg.price;
      chain.currency = leg.currency;
    }
  }
  std::sort(hops.begin(), hops.begin() + static_cast<std::ptrdiff_t>(hopped));
  chain.hopped_at = hops.first(hopped);
  chain.customer_of = customer_of(legs);
}

}  // namespace

Chain chain_of(std::span<const Leg> legs, std::span<Instant> hops) {
  const Leg& now = legs.front();
  const auto root = std::find_if(legs.begin(), legs.end(),
                                 [](const Leg& leg) { return leg.uid == leg.root_uid; });
  const bool rooted = root != legs.end();
  Chain chain;
  chain.hops = now.hops;
  gather(legs, hops, chain);
  chain.created_at = rooted ? root->created_at : kUnknown;
  chain.starts_at = now.starts_at;
  chain.ended_at = either(now.ends_at, now.starts_at);
  const Instant by_creation = either(chain.created_at, now.starts_at);
  const Instant by_start = either(now.starts_at, chain.created_at);

  const Instant accepted_at = chain.confirmed_at;
  const bool accepted = now.status == "accepted";
  const bool cancelled = now.status == "cancelled";
  if (cancelled && chain.legs == 0) chain.confirmed_at = either(accepted_at, kNoEnd);
  chain.confirmed_at = finite(chain.confirmed_at, by_creation);
  chain.withdrawn = cancelled && !known(accepted_at) && chain.legs > 0;
  if (cancelled && !chain.withdrawn) {
    chain.cancelled_at = finite(now.cancelled_at, by_start);
    chain.cancelled_by = now.cancelled_by;
    chain.has_notice =
        known(now.cancelled_at) && now.cancelled_at != kNoEnd && known(now.starts_at);
  }
  if (now.status == "rejected") chain.rejected_at = finite(now.rejected_at, by_start);
  if (now.status == "awaiting_rebook") chain.awaiting_at = now.awaiting_at;
  chain.paid_at = finite(chain.paid_at, by_creation);
  chain.minutes = accepted ? minutes_between(now.starts_at, now.ends_at) : 0;
  if (rooted && known(root->created_at) && known(root->starts_at))
    chain.lead = std::max<std::int64_t>(minutes_between(root->created_at, root->starts_at), 0);
  chain.no_show = accepted && now.seats > 0 && now.no_shows == now.seats;
  chain.host_no_show = accepted && now.host_no_show;
  return chain;
}

}  // namespace calytics::core
