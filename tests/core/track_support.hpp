// What the tests of tracking share: options as a server would have them, and laws that every batch
// must obey whatever body it came from.
#pragma once

#include <string>
#include <string_view>

#include "core/tracking/track.hpp"

namespace calytics::core::testing {

inline constexpr std::int64_t kNow = 1'780'000'000'000'000;  // 2026-05-28T20:26:40Z

inline constexpr std::string_view kChrome =
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/120.0.0.0 Safari/537.36";

TrackOptions track_options();

// A browser at 203.0.113.77.
TrackContext track_context();

// An empty text if the batch keeps all promises of track.hpp, else which one it breaks.
std::string broken_promise(const TrackBatch& batch, const TrackOptions& options);

// All texts of a row, a line each.
std::string all_texts(const TrackedEvent& row);

}  // namespace calytics::core::testing
