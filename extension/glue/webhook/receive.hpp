// A webhook's way in, for what takes webhooks from outside.
#pragma once

#include "glue/pg/pg.hpp"

#include <optional>

namespace calytics::glue {

struct Sent {
  NullableDatum body;     // bytea
  NullableDatum headers;  // jsonb
  std::string_view source;
  bool waits = true;  // for rows that another transaction has its hands on; else it is held up
};

// As cal.receive_webhook gives it, or held_up, and then all is as it was; lives in the memory
// context of the caller.
struct Received {
  std::string_view outcome;
  std::optional<std::int64_t> delivery;
  std::string_view detail;  // may be empty
};

Received receive_webhook(const Sent& sent);

}  // namespace calytics::glue
