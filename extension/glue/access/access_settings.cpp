#include "glue/pg/pg.hpp"

#include "glue/access/access_settings.hpp"

#include <cstdlib>
#include <new>
#include <type_traits>

namespace calytics::glue {

namespace {

using core::NetworkList;
using core::RateLimit;

char* trusted_proxies_text = nullptr;
NetworkList trusted_proxies_value;
std::array<char*, kRateLimitNames.size()> limit_texts{};
std::array<RateLimit, kRateLimitNames.size()> limits;
int session_lifetime = 12 * 60;

void* allocate(std::size_t size) {
#if PG_VERSION_NUM >= 160000
  return guc_malloc(LOG, size);
#else
  return malloc(size);
#endif
}

void hint_at(const NetworkList&) {
  GUC_check_errhint("At most %zu networks between commas: 127.0.0.1, 10.0.0.0/8, 2001:db8::/32.",
                    NetworkList::kCapacity);
}

void hint_at(const RateLimit&) {
  GUC_check_errhint("For instance: 10/min, 50/s burst 500 (s, min or h), or off.");
}

// What a text means goes from its check to its assignment in memory that is the parameter's.
template <class Meaning>
bool check(char** text, void** meaning, GucSource) {
  static_assert(std::is_trivially_copyable_v<Meaning>);
  const auto parsed = Meaning::parse(*text);
  if (!parsed) {
    hint_at(Meaning{});
    return false;
  }
  void* memory = allocate(sizeof(Meaning));
  if (memory == nullptr) return false;
  *meaning = new (memory) Meaning(*parsed);
  return true;
}

void assign_proxies(const char*, void* meaning) {
  trusted_proxies_value = *static_cast<const NetworkList*>(meaning);
}

template <std::size_t Which>
void assign_limit(const char*, void* meaning) {
  limits[Which] = *static_cast<const RateLimit*>(meaning);
}

template <std::size_t Which>
void define_limit(const char* setting, const char* what, const char* value) {
  DefineCustomStringVariable(setting, what, "A rate, and how many may come at once.",
                             &limit_texts[Which], value, PGC_SUSET, 0, check<RateLimit>,
                             assign_limit<Which>, nullptr);
}

}  // namespace

const NetworkList& trusted_proxies() {
  return trusted_proxies_value;
}

const RateLimit& rate_limit(std::size_t which) {
  return limits[which];
}

void define_access_settings() {
  DefineCustomStringVariable(
      "calytics.trusted_proxies", "Networks of proxies whose X-Forwarded fields count.",
      "They say who a client is and whether it came by TLS. Empty: nobody is believed.",
      &trusted_proxies_text, "", PGC_SUSET, GUC_LIST_INPUT, check<NetworkList>, assign_proxies,
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
}

}  // namespace calytics::glue
