// Prints what the core's hot paths cost, in microseconds of processor time a call or event: the
// best of many rounds, since anything slower is somebody else's load.
#include <algorithm>
#include <cstdio>
#include <ctime>
#include <limits>
#include <string>

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "core/access/signature.hpp"
#include "core/booking/webhook_parser.hpp"
#include "core/privacy/scrub.hpp"
#include "core/tracking/track_parser.hpp"
#include "support.hpp"
#include "track_support.hpp"

namespace {

using namespace calytics::core;

template <class Call>
void measure_each(const char* name, int parts, Call call) {
  constexpr int kRounds = 200;
  const int calls = std::max(500 / parts, 1);
  std::clock_t best = std::numeric_limits<std::clock_t>::max();
  for (int round = 0; round < kRounds; ++round) {
    const std::clock_t start = std::clock();
    for (int i = 0; i < calls; ++i) {
      call();
    }
    best = std::min(best, std::clock() - start);
  }
  const double microseconds = 1e6 * static_cast<double>(best) / CLOCKS_PER_SEC / calls / parts;
  std::printf("%-52s %8.2f us\n", name, microseconds);
}

template <class Call>
void measure(const char* name, Call call) {
  measure_each(name, 1, call);
}

// About 420 bytes, as a booking page sends them; each of a session, user and time of its own.
std::string tracked_event(int i) {
  const std::string number = std::to_string(i);
  return R"({"sessionId":"session_17799990)" + number + R"(_k3j4h5","eventType":"SERVICE_VIEW",)" +
         R"("serviceId":"tattoo_consultation","eventId":"550e8400-e29b-41d4-a716-44665544)" +
         std::to_string(1000 + i) + R"(","timestamp":1779999)" + std::to_string(100000 + i) +
         R"(,"duration":1250,"url":"https://ink.example/services/)" + number +
         R"(?utm_source=instagram&utm_medium=social&utm_campaign=may","referrer":)" +
         R"("https://www.instagram.com/p/C1a2b3","properties":{"page":"services","position":3,)" +
         R"("device_type":"mobile","price":120.5,"step":"select"}})";
}

void measure_tracking() {
  TrackParser parser;
  const TrackContext context = testing::track_context();
  const TrackOptions options = testing::track_options();
  const auto batch_of = [](int count, const auto& suffix) {
    std::string body = "[";
    for (int i = 0; i < count; ++i) {
      std::string event = tracked_event(i);
      event.pop_back();
      body += (i > 0 ? "," : "") + event + suffix(i) + "}";
    }
    return body + "]";
  };
  const auto nothing = [](int) { return std::string(); };
  const std::string one = tracked_event(7);
  measure(("track 1 event of " + std::to_string(one.size()) + " bytes").c_str(),
          [&] { parser.parse(one, context, options); });
  const std::string hundred = batch_of(100, nothing);
  measure_each("track 100 events of one client", 100,
               [&] { parser.parse(hundred, context, options); });
  const std::string clients = batch_of(100, [](int i) {
    return R"(,"ipAddress":"192.0.2.)" + std::to_string(i) + R"(","userId":"user_)" +
           std::to_string(i) + '"';
  });
  measure_each("track 100 events of 100 clients and users", 100,
               [&] { parser.parse(clients, context, options); });
  const std::string personal = batch_of(100, [](int) {
    return std::string(R"(,"properties":{"note":"ana@example.com or +34 600 123 456"})");
  });
  measure_each("track 100 events with personal data", 100,
               [&] { parser.parse(personal, context, options); });

  const std::string prose = "a consultation about a black and grey piece on the left forearm";
  std::string out;
  PersonalDataCounts counts;
  measure(("scrub " + std::to_string(prose.size()) + " clean bytes").c_str(), [&] {
    out.clear();
    append_scrubbed(out, prose, NumberHint::none, Encoding::text, counts);
  });
}

}  // namespace

int main() {
  measure_tracking();
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
