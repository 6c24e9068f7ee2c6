// The configuration parameters calytics.*, and the SQL functions that read them.

#include "pg.hpp"

#include "settings.hpp"

#include <array>
#include <cstdlib>
#include <new>

CALYTICS_SQL_FUNCTION(calytics_max_body_size);
CALYTICS_SQL_FUNCTION(calytics_collects_metrics);

namespace {

int max_body_size = 1024 * 1024;
bool collect_metrics = true;
bool fold_worker_value = true;
bool remember_value = true;
// Short, for a dashboard pays for each pending chain; longer would only fold a little less often.
int fold_interval_value = 100;
int merge_interval_value = 10'000;
char* trusted_proxies_text = nullptr;
int session_lifetime = 12 * 60;

using calytics::core::NetworkList;

NetworkList trusted_proxies_value;

// What a setting's text means goes from the check to the assignment in memory of the setting's.
bool check_networks(char** text, void** meaning, GucSource) {
  const auto networks = NetworkList::parse(*text);
  if (!networks) {
    GUC_check_errdetail("It is not a list of at most %zu networks.", NetworkList::kCapacity);
    GUC_check_errhint("For instance: 127.0.0.1, 10.0.0.0/8, 2001:db8::/32.");
    return false;
  }
  void* memory = malloc(sizeof(NetworkList));
  if (memory == nullptr) return false;
  *meaning = new (memory) NetworkList(*networks);
  return true;
}

using calytics::core::RateLimit;
using calytics::glue::kRateLimitNames;

std::array<char*, kRateLimitNames.size()> limit_texts{};
std::array<RateLimit, kRateLimitNames.size()> limits;

bool check_limit(char** text, void** meaning, GucSource) {
  const auto limit = RateLimit::parse(*text);
  if (!limit) {
    GUC_check_errhint("For instance: 10/min, 50/s burst 500 (s, min or h), or off.");
    return false;
  }
  void* memory = malloc(sizeof(RateLimit));
  if (memory == nullptr) return false;
  *meaning = new (memory) RateLimit(*limit);
  return true;
}

template <std::size_t Which>
void assign_limit(const char*, void* meaning) {
  limits[Which] = *static_cast<const RateLimit*>(meaning);
}

template <std::size_t Which>
void define_limit(const char* setting, const char* what, const char* value) {
  DefineCustomStringVariable(setting, what, "A rate, and how many may come at once.",
                             &limit_texts[Which], value, PGC_SUSET, 0, check_limit,
                             assign_limit<Which>, nullptr);
}

void assign_trusted_proxies(const char*, void* meaning) {
  trusted_proxies_value = *static_cast<const NetworkList*>(meaning);
}

constexpr int shortest_interval = 10;
constexpr int longest_interval = 3600 * 1000;

}  // namespace

bool calytics::glue::fold_worker() {
  return fold_worker_value;
}

bool calytics::glue::remember() {
  return remember_value;
}

int calytics::glue::fold_interval() {
  return fold_interval_value;
}

int calytics::glue::merge_interval() {
  return merge_interval_value;
}

const NetworkList& calytics::glue::trusted_proxies() {
  return trusted_proxies_value;
}

const RateLimit& calytics::glue::rate_limit(std::size_t which) {
  return limits[which];
}

void calytics::glue::define_settings() {
  DefineCustomIntVariable("calytics.max_body_size", "Largest webhook body that is taken in.",
                          "Larger ones are answered with too_large and not kept.", &max_body_size,
                          1024 * 1024, 1024, 64 * 1024 * 1024, PGC_SIGHUP, GUC_UNIT_BYTE, nullptr,
                          nullptr, nullptr);
  DefineCustomBoolVariable("calytics.collect_metrics", "Keeps metrics current as webhooks come in.",
                           "Off for bulk loads: cal.repair_metrics() makes up for it afterwards.",
                           &collect_metrics, true, PGC_SUSET, 0, nullptr, nullptr, nullptr);
  DefineCustomBoolVariable("calytics.fold_worker",
                           "Whether a background worker folds in every database with calytics.",
                           "Metrics are exact without, but slower to read.", &fold_worker_value,
                           true, PGC_SIGHUP, 0, nullptr, nullptr, nullptr);
  DefineCustomIntVariable("calytics.fold_interval", "How often a folder runs at most.", nullptr,
                          &fold_interval_value, 100, shortest_interval, longest_interval,
                          PGC_SIGHUP, GUC_UNIT_MS, nullptr, nullptr, nullptr);
  DefineCustomIntVariable("calytics.merge_interval",
                          "How often a folder merges what it has folded at most.", nullptr,
                          &merge_interval_value, 10'000, shortest_interval, longest_interval,
                          PGC_SIGHUP, GUC_UNIT_MS, nullptr, nullptr, nullptr);
  DefineCustomStringVariable(
      "calytics.trusted_proxies", "Networks of proxies whose X-Forwarded fields count.",
      "They say who a client is and whether it came by TLS. Empty: nobody is believed.",
      &trusted_proxies_text, "", PGC_SUSET, GUC_LIST_INPUT, check_networks, assign_trusted_proxies,
      nullptr);
  DefineCustomIntVariable("calytics.session_lifetime", "How long a log-in lasts.", nullptr,
                          &session_lifetime, 12 * 60, 1, 90 * 24 * 60, PGC_SUSET, GUC_UNIT_MIN,
                          nullptr, nullptr, nullptr);
  define_limit<0>("calytics.limit_login", "How often a client may try to log in.", "10/min");
  define_limit<1>("calytics.limit_tracking", "How often a client may send events.",
                  "50/s burst 1000");
  define_limit<2>("calytics.limit_webhook", "How often a client may send webhooks.",
                  "1000/s burst 20000");
  define_limit<3>("calytics.limit_read", "How often a client may call anything else.",
                  "50/s burst 500");
  DefineCustomBoolVariable(
      "calytics.remember", "Whether a session remembers the sums it has read.",
      "Asked again, it adds what has changed since. Sums are the same without.", &remember_value,
      true, PGC_USERSET, 0, nullptr, nullptr, nullptr);
  MarkGUCPrefixReserved("calytics");
}

Datum calytics_max_body_size(PG_FUNCTION_ARGS) {
  (void)fcinfo;
  PG_RETURN_INT32(max_body_size);
}

Datum calytics_collects_metrics(PG_FUNCTION_ARGS) {
  (void)fcinfo;
  PG_RETURN_BOOL(collect_metrics);
}
