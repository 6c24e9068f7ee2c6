// Decides what becomes of an authentic webhook and, if it speaks of a booking, applies it.
#pragma once

#include "glue/pg/pg.hpp"

#include <optional>

#include "core/booking/webhook.hpp"
#include "core/time/moment.hpp"

namespace calytics::glue {

struct Understood;

// Where a webhook is kept, together with what it changes: all of it or nothing.
struct Archive {
  // Breaks the unique constraint of that name if the webhook is there already.
  void (*keep)(void* context, const Understood& understood);
  void* context;
  const char* key;
};

// What is known of a webhook beside its body.
struct Delivered {
  std::int32_t source;
  core::Moment received;  // stands in for the event's time where the webhook doesn't tell it
  // These are given when an archived one is applied again: its number, since when it is known, and
  // its place in the order.
  std::optional<std::int64_t> delivery;
  std::optional<core::Moment> known;
  std::optional<std::int64_t> ordinal;
  const Archive* archive = nullptr;
  bool waits = true;  // for rows that another transaction has its hands on
};

struct Understood {
  std::string_view outcome;
  std::string_view detail;  // may be empty; lives as long as the webhook and the memory context
  std::int64_t change = 0;  // its place in the order
  bool kept = false;        // in the archive, by now
  bool repeated = false;    // it had been there before, and all is as it was
  bool held_up = false;     // by another transaction, for which it didn't wait; all is as it was
};

// The row that the parser makes of a body: always the same object, which the next body overwrites.
const core::Webhook& parse_webhook(std::string_view body, std::string_view person_key);

// Within SPI_connect and SPI_finish.
Understood understand(const core::Webhook& webhook, const Delivered& delivered);

}  // namespace calytics::glue
