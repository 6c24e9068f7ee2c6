// A libFuzzer target: any bytes, parsed by one parser after the other, must keep every promise. The
// first byte sets the switches. Build as fuzz_webhook.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "core/tracking/track_parser.hpp"
#include "track_support.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace calytics::core;
  static TrackParser parser;
  if (size == 0) return 0;
  const std::string_view body(reinterpret_cast<const char*>(data) + 1, size - 1);
  TrackOptions options = testing::track_options();
  options.strict = (data[0] & 1) != 0;
  options.anonymize_ip = (data[0] & 2) == 0;
  options.body_names_client = (data[0] & 4) == 0;
  TrackContext context = testing::track_context();
  if ((data[0] & 8) != 0) context.url = body.substr(0, 200);
  if ((data[0] & 16) != 0) context.user_agent = body.substr(0, 50);
  const std::string broken = testing::broken_promise(parser.parse(body, context, options), options);
  if (!broken.empty()) {
    std::fprintf(stderr, "broken promise: %s\n", broken.c_str());
    std::abort();
  }
  return 0;
}
