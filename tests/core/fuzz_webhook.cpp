// A libFuzzer target: any bytes, parsed by one parser after the other, must keep every promise.
// Build with clang: cmake -DCMAKE_CXX_COMPILER=clang++ -DCALYTICS_FUZZ=ON
// -DCALYTICS_SANITIZE=address,undefined
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "core/booking/webhook_parser.hpp"
#include "support.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace calytics::core;
  static WebhookParser parser;
  const std::string_view body(reinterpret_cast<const char*>(data), size);
  const std::string broken = testing::broken_promise(parser.parse(body, testing::kPersonKey));
  if (!broken.empty()) {
    std::fprintf(stderr, "broken promise: %s\n", broken.c_str());
    std::abort();
  }
  return 0;
}
