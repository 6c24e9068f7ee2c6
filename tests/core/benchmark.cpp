// Prints what the core's hot paths cost, in microseconds of processor time a call: the best of many
// rounds, since anything slower is somebody else's load.
#include <algorithm>
#include <cstdio>
#include <ctime>
#include <limits>
#include <string>

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "signature.hpp"
#include "support.hpp"
#include "webhook_parser.hpp"

namespace {

using namespace calytics::core;

template <class Call>
void measure(const char* name, Call call) {
  constexpr int kRounds = 200;
  constexpr int kCalls = 500;
  std::clock_t best = std::numeric_limits<std::clock_t>::max();
  for (int round = 0; round < kRounds; ++round) {
    const std::clock_t start = std::clock();
    for (int i = 0; i < kCalls; ++i) {
      call();
    }
    best = std::min(best, std::clock() - start);
  }
  const double microseconds = 1e6 * static_cast<double>(best) / CLOCKS_PER_SEC / kCalls;
  std::printf("%-52s %8.2f us\n", name, microseconds);
}

}  // namespace

int main() {
  WebhookParser parser;
  for (const std::string& name : testing::payload_names()) {
    const std::string body = testing::payload(name);
    measure(("parse " + std::to_string(body.size()) + " bytes, " + name).c_str(),
            [&] { parser.parse(body, testing::kPersonKey); });
  }

  const std::string body = testing::payload("booking_paid.json");
  const std::string secret = "whsec_test_3f9c";
  measure("sha256", [&] { sha256(body); });
  measure("hmac_sha256, kept context", [&] { hmac_sha256(secret, body); });
  measure("HMAC(), one-shot", [&] {
    unsigned char mac[32];
    HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()),
         reinterpret_cast<const unsigned char*>(body.data()), body.size(), mac, nullptr);
  });
}
