// When tokens were last used. Most requests only read, perhaps on a replica, and none should cost a
// write for this: it is noted in shared memory, from where the folder takes it to the table now and
// then. Noting never waits; of two that note at once one may be lost, and of more tokens than there
// is room for the one that was used longest ago.

#include "glue/pg/pg.hpp"

#include "glue/access/token_use.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <new>

#include "glue/pg/shared_memory.hpp"

CALYTICS_SQL_FUNCTION(calytics_note_token_use);
CALYTICS_SQL_FUNCTION(calytics_token_used_at);

namespace {

struct Use {
  std::atomic<std::uint64_t> token;  // 0: nobody's
  std::atomic<std::int64_t> at;
};

constexpr std::size_t kUses = 1024;
constexpr std::size_t kProbes = 8;
using Uses = std::array<Use, kUses>;

Uses* uses = nullptr;

void attach(void* memory, bool there) {
  uses = there ? static_cast<Uses*>(memory) : new (memory) Uses{};
}

// A token is known by the first bytes of its digest, which are as good as random.
std::uint64_t name_of(const struct varlena* digest) {
  std::uint64_t name = 0;
  const std::string_view bytes = calytics::glue::bytes_of(digest);
  memcpy(&name, bytes.data(), std::min(bytes.size(), sizeof name));
  return name;
}

}  // namespace

void calytics::glue::request_token_uses() {
  share_memory({"calytics token uses", sizeof(Uses), 0, attach});
}

Datum calytics_note_token_use(PG_FUNCTION_ARGS) {
  if (uses == nullptr) PG_RETURN_VOID();
  const std::uint64_t token = name_of(PG_GETARG_BYTEA_PP(0));
  Use* place = nullptr;
  for (std::size_t i = 0; i < kProbes; ++i) {
    Use& use = (*uses)[(token + i) % kUses];
    if (use.token.load() == token) {
      place = &use;
      break;
    }
    if (place == nullptr || use.at.load() < place->at.load()) place = &use;
  }
  place->token = token;
  place->at = GetCurrentTimestamp();
  PG_RETURN_VOID();
}

Datum calytics_token_used_at(PG_FUNCTION_ARGS) {
  if (uses == nullptr) PG_RETURN_NULL();
  const std::uint64_t token = name_of(PG_GETARG_BYTEA_PP(0));
  for (std::size_t i = 0; i < kProbes; ++i) {
    const Use& use = (*uses)[(token + i) % kUses];
    if (use.token.load() == token) PG_RETURN_TIMESTAMPTZ(use.at.load());
  }
  PG_RETURN_NULL();
}
