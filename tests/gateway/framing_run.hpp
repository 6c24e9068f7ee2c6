// Runs the framer over a stream cut at given places, and keeps all there is to see, so that two
// runs over the same bytes can be compared.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "request_framer.hpp"

namespace calytics::gateway::test {

struct FramingRun {
  std::vector<Request> requests;
  FramingError error;
  std::size_t begun = 0;  // bytes held for a last, incomplete request
  bool operator==(const FramingRun&) const = default;
};

// `cut` returns the size of the next piece, at least 1.
template <typename Cut>
FramingRun run_framer(const FramingLimits& limits, std::string_view stream, Cut cut) {
  FramingRun run;
  RequestFramer framer(limits);
  while (!stream.empty() && !framer.failed()) {
    auto piece = stream.substr(0, cut());
    stream.remove_prefix(piece.size());
    while (!piece.empty() && !framer.failed()) {
      piece.remove_prefix(framer.feed(piece));
      if (framer.complete()) run.requests.push_back(framer.take());
    }
  }
  run.error = framer.error();
  if (!framer.failed()) run.begun = framer.buffered();
  return run;
}

inline FramingRun run_framer(const FramingLimits& limits, std::string_view stream) {
  return run_framer(limits, stream, [] { return std::string_view::npos; });
}

}  // namespace calytics::gateway::test
