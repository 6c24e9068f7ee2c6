// A batch of tracked events as rows: all that the database ever learns from the bytes and from the
// request that brought them.
//
// Guarantees: every text is valid UTF-8 without NUL, not empty and within its limit; instants are
// microseconds since 1970-01-01T00:00:00Z and never in the future; numbers are not negative. No row
// holds a user id, a user agent or, unless the caller wants it, a whole IP address; texts are
// scrubbed of the personal data that scrub.hpp knows. Texts are views into buffers of the parser
// that filled the batch, and live until it parses again.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "core/privacy/keyed_hash.hpp"
#include "core/privacy/personal_data.hpp"
#include "core/tracking/user_agent.hpp"

namespace calytics::core {

// What the caller knows of the client, from the request's headers. What the body says of an event
// comes before what it says of the batch, and that before this.
struct TrackContext {
  using Text = std::optional<std::string_view>;

  Text user_id;
  Text user_agent;  // absent is unknown; empty, as when a browser would send none, is a bot's
  Text ip_address;
  Text referrer;
  Text url;
  bool do_not_track = false;  // or Sec-GPC: 1. The batch is counted and not looked at
};

struct TrackOptions {
  std::int64_t now = 0;  // in microseconds, like all instants
  std::int64_t late_after = std::int64_t{24} * 3600 * 1'000'000;
  std::size_t max_events = 1000;
  std::size_t max_properties = 8192;  // bytes an event; single texts never beyond 16 kB

  bool anonymize_ip = true;
  bool strict = false;            // no visitor, user, IP address, campaign; no URL's query, of a
                                  // referrer nothing but its origin
  bool body_names_client = true;  // ipAddress and userAgent of the body count: for servers that
                                  // track on behalf of clients, not for browsers

  std::string_view visitor_salt;  // without it there are no visitors
  std::string_view user_key;      // without it there are no users
};

struct TrackedEvent {
  using Text = std::optional<std::string_view>;
  using Number = std::optional<std::int64_t>;

  std::size_t index = 0;  // in the batch as sent

  Text event_id;                // for idempotency
  std::string_view session_id;  // one that held personal data is 32 hexadecimal digits instead
  std::string_view event_type;
  std::int64_t happened_at = 0;
  bool late = false;         // older than TrackOptions::late_after
  bool from_future = false;  // and therefore set to now

  Text service_id;
  Number booking_id;
  Number event_type_id;
  Text booking_uid;
  Number duration;  // as sent, rounded
  Text properties;  // a JSON object that jsonb takes; absent if there are none
  Text experiment;
  Text variant;

  std::optional<Pseudonym> visitor;
  std::optional<Pseudonym> user;
  Text ip_address;
  bool bot = false;
  Device device = Device::unknown;
  std::optional<Browser> browser;  // absent without user agent

  Text url;
  Text referrer;
  Text referrer_host;
  Text utm_source;
  Text utm_medium;
  Text utm_campaign;

  PersonalDataCounts removed;
};

// An event that wasn't taken. The reason says what to do and holds no part of the event.
struct Reject {
  std::size_t index = 0;
  std::string_view reason;
};

enum class TrackStatus : std::uint8_t {
  judged,     // each event is in `events` or in `rejects`
  private_,   // the client doesn't want to be tracked: `received` events were dropped
  malformed,  // nothing could be read; TrackBatch::problem says why. Also of the next two
  too_many_events,
  out_of_memory
};

struct TrackBatch {
  TrackStatus status = TrackStatus::malformed;
  std::optional<std::string_view> problem;
  std::size_t received = 0;
  std::vector<TrackedEvent> events;
  std::vector<Reject> rejects;
  PersonalDataCounts removed;  // from all events
};

}  // namespace calytics::core
