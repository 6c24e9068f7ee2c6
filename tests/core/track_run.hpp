// Tracking events parsed for a test, every promise of the batch checked on the way.
#pragma once

#include <algorithm>
#include <string>

#include <gtest/gtest.h>

#include "core/access/signature.hpp"
#include "core/tracking/track_parser.hpp"
#include "track_support.hpp"

namespace calytics::core {

inline const TrackBatch& parse(std::string_view body, const TrackContext& context,
                               const TrackOptions& options) {
  static TrackParser parser;
  const TrackBatch& batch = parser.parse(body, context, options);
  EXPECT_EQ(testing::broken_promise(batch, options), "") << body;
  return batch;
}

inline const TrackBatch& parse(std::string_view body) {
  return parse(body, testing::track_context(), testing::track_options());
}

inline std::string event_with(std::string_view members) {
  std::string event = R"({"sessionId":"s1","eventType":"SERVICE_VIEW")";
  if (!members.empty()) event += ',';
  return event.append(members) + '}';
}

inline TrackedEvent row_with(std::string_view members, const TrackContext& context,
                             const TrackOptions& options) {
  const TrackBatch& batch = parse(event_with(members), context, options);
  EXPECT_EQ(batch.events.size(), 1U)
      << members << ": "
      << (batch.rejects.empty() ? batch.problem.value_or("") : batch.rejects[0].reason);
  return batch.events.empty() ? TrackedEvent() : batch.events[0];
}

inline TrackedEvent row_with(std::string_view members) {
  return row_with(members, testing::track_context(), testing::track_options());
}

inline std::string reason_against(std::string_view event) {
  const TrackBatch& batch = parse(event);
  EXPECT_EQ(batch.events.size(), 0U) << event;
  return batch.rejects.size() == 1 ? std::string(batch.rejects[0].reason) : "none";
}

inline std::string properties_of(std::string_view json) {
  return std::string(row_with("\"properties\":" + std::string(json)).properties.value_or("absent"));
}

inline bool is_hmac(const std::optional<Pseudonym>& id, std::string_view key,
                    std::string_view text) {
  const auto mac = hmac_sha256(key, text);
  return id && std::equal(id->begin(), id->end(), mac->begin());
}

}  // namespace calytics::core
