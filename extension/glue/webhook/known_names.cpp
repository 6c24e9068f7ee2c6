// A table of fixed size, in which a newer name takes an older one's place. What was learned in a
// transaction or subtransaction that comes to nothing isn't known, so then all is forgotten; and so
// it is when names are removed.

#include "glue/webhook/known_names.hpp"

extern "C" {
#include "access/xact.h"
}

#include <algorithm>
#include <array>
#include <cstring>

#include "glue/pg/watched_tables.hpp"

namespace calytics::glue {
namespace {

struct Entry {
  core::Sha256Digest digest;
  core::Moment since;
  std::uint64_t generation;
};

constexpr std::size_t kEntries = 4096;

std::array<Entry, kEntries> entries;
// Entries of an older one count for nothing.
std::uint64_t generation = 0;
WatchedTables tables("service", "host", "person");
// The latest of this transaction's subtransactions that has learned any.
SubTransactionId learner = InvalidSubTransactionId;

void forget_if_learned_since(SubTransactionId first) {
  if (learner != InvalidSubTransactionId && learner >= first) ++generation;
}

void at_transaction(XactEvent event, void* /*argument*/) {
  if (event == XACT_EVENT_ABORT || event == XACT_EVENT_PREPARE)
    forget_if_learned_since(InvalidSubTransactionId);
  if (event == XACT_EVENT_ABORT || event == XACT_EVENT_PREPARE || event == XACT_EVENT_COMMIT)
    learner = InvalidSubTransactionId;
}

void at_subtransaction(SubXactEvent event, SubTransactionId mine, SubTransactionId /*parent*/,
                       void* /*argument*/) {
  if (event == SUBXACT_EVENT_ABORT_SUB) forget_if_learned_since(mine);
}

void keep_current() {
  if (generation == 0) {
    RegisterXactCallback(at_transaction, nullptr);
    RegisterSubXactCallback(at_subtransaction, nullptr);
    ++generation;
  }
  if (tables.have_changed()) ++generation;
}

Entry& place_of(const core::Sha256Digest& digest) {
  std::uint32_t place = 0;
  memcpy(&place, digest.data(), sizeof(place));
  return entries[place % kEntries];
}

}  // namespace

KnownName::KnownName(const Statement& kind, std::int32_t source, std::string_view id,
                     std::initializer_list<std::string_view> names) {
  const void* address = &kind;
  std::size_t size = sizeof(address) + sizeof(source) + id.size();
  for (const std::string_view name : names)
    size += sizeof(std::size_t) + name.size();
  auto* bytes = static_cast<char*>(palloc(size));
  char* end = bytes;
  const auto put = [&end](const void* from, std::size_t count) {
    memcpy(end, from, count);
    end += count;
  };
  put(&address, sizeof(address));
  put(&source, sizeof(source));
  put(id.data(), id.size());
  for (const std::string_view name : names) {
    const std::size_t length = name.size();
    put(&length, sizeof(length));
    put(name.data(), length);
  }
  digest_ = core::sha256({bytes, size});
  keep_current();
}

bool KnownName::since(core::Moment at) const {
  if (!digest_) return false;
  const Entry& entry = place_of(*digest_);
  return entry.generation == generation && entry.since <= at && entry.digest == *digest_;
}

void KnownName::learn(core::Moment at) const {
  if (!digest_) return;
  place_of(*digest_) = {*digest_, at, generation};
  learner = std::max(learner, GetCurrentSubTransactionId());
}

}  // namespace calytics::glue
