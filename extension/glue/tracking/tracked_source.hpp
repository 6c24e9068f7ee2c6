// What a source's events are judged by, kept in the session and read again once it has changed, in
// whatever session. The salt of visitors' pseudonyms is not kept: a session that is idle for days
// would remember it beyond its end.
#pragma once

#include "glue/pg/pg.hpp"

#include <optional>

namespace calytics::glue {

struct TrackedSource {
  std::int32_t id;
  std::string_view name;
  std::optional<std::string_view> user_key;
  bool anonymize_ips;
  bool honour_signals;
  bool anonymous;
  Datum origins;  // text[]; none: of whatever origin
  const TrackedSource* next;
};

// nullptr if there is no such source. They live until a call after they have changed. All within
// SPI_connect and SPI_finish.
const TrackedSource* tracked_source(std::string_view name);
const TrackedSource* tracked_source(std::int32_t id);

// Of a moment's day; made at its first use.
std::string_view visitor_salt(std::int32_t source, TimestampTz at);

}  // namespace calytics::glue
