// What a source's webhooks are checked and read with, kept in the session and read again once it
// has changed, in whatever session.
#pragma once

#include "glue/pg/pg.hpp"

#include <span>

namespace calytics::glue {

struct Secret {
  std::string_view secret;
  TimestampTz valid_from;
  TimestampTz valid_until;
};

struct SourceKeys {
  std::string_view name;
  std::int32_t source;
  std::string_view person_key;
  const Secret* secrets;
  std::size_t secret_count;
};

// nullptr if there is no such source. They live until a call after they have changed. Within
// SPI_connect and SPI_finish.
const SourceKeys* keys_of(std::string_view name);

}  // namespace calytics::glue
