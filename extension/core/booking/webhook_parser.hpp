// Turns the bytes of any webhook body into one typed row.
//
// Guarantees: every body gives a row, none a crash or an exception; the time is linear in the
// body's length and the stack's depth bounded. As in JavaScript, the last of several equal keys
// counts. Parts that the row doesn't need are skipped by their brackets alone, so that a number out
// of range there hurts nobody, but a truncated document is always noticed. Secrets (one-time
// passwords, those of video calls) never reach the row.
#pragma once

#include <memory>
#include <string_view>

#include "core/booking/webhook.hpp"

namespace calytics::core {

// Owns its buffers and is meant to be kept and reused: a warm parser hardly allocates.
class WebhookParser {
 public:
  WebhookParser() noexcept;
  ~WebhookParser();
  WebhookParser(const WebhookParser&) = delete;
  WebhookParser& operator=(const WebhookParser&) = delete;

  // The row is valid until the next call. `person_key` keys the pseudonyms of attendees.
  const Webhook& parse(std::string_view body, std::string_view person_key) noexcept;

 private:
  class Reader;

  Webhook row_;
  std::unique_ptr<Reader> reader_;
};

}  // namespace calytics::core
