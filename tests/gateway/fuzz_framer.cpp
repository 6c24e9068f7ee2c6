// Fuzzes the framer with the law that how a stream is cut makes no difference, and with its bounds.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <random>
#include <string_view>

#include "framing_run.hpp"
#include "text.hpp"

namespace {

using calytics::gateway::FramingLimits;
using calytics::gateway::Request;
using calytics::gateway::test::run_framer;

constexpr FramingLimits kLimits{.url = 64, .header_bytes = 256, .header_count = 8, .body = 300};

void require(bool holds) {
  if (!holds) std::abort();
}

void check_bounds(const Request& request) {
  require(request.path.size() + request.query.size() <= kLimits.url + 1);
  require(request.headers.size() <= kLimits.header_count + 1);
  require(request.body.size() <= kLimits.body);
  require(calytics::gateway::is_token(request.method));
  require(!request.path.empty());
  for (const auto& header : request.headers) {
    require(calytics::gateway::is_token(header.name));
    require(calytics::gateway::is_field_value(header.value));
  }
}

}  // namespace

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer's name for it.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view stream(reinterpret_cast<const char*>(data) + 1, size - 1);
  const auto whole = run_framer(kLimits, stream);
  const auto bytewise = run_framer(kLimits, stream, [] { return std::size_t{1}; });
  std::minstd_rand random(data[0] + 1U);
  const auto pieces = run_framer(kLimits, stream, [&] { return 1 + random() % 16; });
  require(whole == bytewise && whole == pieces);
  for (const auto& request : whole.requests)
    check_bounds(request);
  require(whole.error.status == 0 || (whole.error.status >= 400 && whole.error.status < 600));
  return 0;
}
