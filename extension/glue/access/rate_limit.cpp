// Who may call how often: token buckets by class of call and client, in shared memory that all
// backends see and that a million clients don't make larger. An IPv6 client is its /64, for one has
// all of that. Without preloading there is nothing to count in, and nothing is limited.

#include "glue/pg/pg.hpp"

extern "C" {
#include "common/hashfn.h"
}

#include <array>
#include <chrono>
#include <new>

#include "core/access/bucket_set.hpp"
#include "core/access/ip_address.hpp"
#include "glue/access/access_settings.hpp"
#include "glue/access/rate_limit.hpp"
#include "glue/pg/shared_memory.hpp"

CALYTICS_SQL_FUNCTION(calytics_take_token);
CALYTICS_SQL_FUNCTION(calytics_rate_limit);

using calytics::core::BucketSet;
using calytics::core::IpAddress;
using calytics::core::RateLimit;
using calytics::glue::bytes_of;

namespace {

constexpr const char* name = "calytics rate limits";
constexpr std::size_t kSets = 8192;  // a mebibyte
constexpr int kLocks = 64;
constexpr std::int64_t kSecond = 1'000'000;

struct Table {
  std::uint64_t seed;  // so that nobody can choose whose bucket they share
  std::array<BucketSet, kSets> sets;
};

Table* table = nullptr;
LWLockPadded* locks = nullptr;

void attach(void* memory, bool there) {
  table = there ? static_cast<Table*>(memory) : new (memory) Table{};
  if (!there && !pg_strong_random(&table->seed, sizeof table->seed))
    ereport(ERROR, (errcode(ERRCODE_INTERNAL_ERROR), errmsg("no random bytes are to be had")));
  locks = GetNamedLWLockTranche(name);
}

// Never 0, which is a free bucket's.
std::uint64_t key_of(std::size_t limit, const IpAddress& client) {
  constexpr std::size_t network = 8;
  std::array<unsigned char, sizeof(Oid) + 1 + network> bytes{};
  memcpy(bytes.data(), &MyDatabaseId, sizeof(Oid));
  bytes[sizeof(Oid)] = static_cast<unsigned char>(2 * limit + (client.is_v4() ? 1 : 0));
  const std::string_view address = client.bytes().substr(0, network);
  memcpy(bytes.data() + sizeof(Oid) + 1, address.data(), address.size());
  const std::uint64_t hash =
      hash_bytes_extended(bytes.data(), static_cast<int>(bytes.size()), table->seed);
  return hash != 0 ? hash : 1;
}

// Of a clock that all processes share and nobody sets.
std::int64_t now() {
  const auto since = std::chrono::steady_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::microseconds>(since).count();
}

int seconds(std::int64_t microseconds) {
  return static_cast<int>((microseconds + kSecond - 1) / kSecond);
}

std::size_t limit_named(std::string_view wanted) {
  const auto& names = calytics::glue::kRateLimitNames;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (wanted == names[i]) return i;
  }
  ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                  errmsg("there is no rate limit \"%.*s\"", static_cast<int>(wanted.size()),
                         wanted.data())));
}

}  // namespace

void calytics::glue::request_rate_limits() {
  share_memory({name, sizeof(Table), kLocks, attach});
}

int calytics::glue::take_token(std::string_view name, std::string_view client) {
  const std::size_t which = limit_named(name);
  const RateLimit& limit = rate_limit(which);
  const auto address = IpAddress::parse(client);
  if (table == nullptr || limit.interval == 0 || !address) return 0;
  const std::uint64_t key = key_of(which, *address);
  const std::size_t set = key % kSets;
  LWLock* lock = &locks[set % kLocks].lock;
  LWLockAcquire(lock, LW_EXCLUSIVE);
  const std::int64_t wait = table->sets[set].take(key, limit, now());
  LWLockRelease(lock);
  return seconds(wait);
}

Datum calytics_take_token(PG_FUNCTION_ARGS) {
  PG_RETURN_INT32(
      calytics::glue::take_token(bytes_of(PG_GETARG_TEXT_PP(0)), bytes_of(PG_GETARG_TEXT_PP(1))));
}

Datum calytics_rate_limit(PG_FUNCTION_ARGS) {
  const RateLimit& limit = calytics::glue::rate_limit(limit_named(bytes_of(PG_GETARG_TEXT_PP(0))));
  TupleDesc columns = nullptr;
  get_call_result_type(fcinfo, nullptr, &columns);
  std::array<Datum, 2> values = {Int64GetDatum(limit.burst),
                                 Int32GetDatum(seconds(limit.window()))};
  std::array<bool, 2> nulls = {};
  nulls.fill(limit.interval == 0);
  PG_RETURN_DATUM(
      HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(columns), values.data(), nulls.data())));
}
