#include "core/access/bucket_set.hpp"

#include <algorithm>

namespace calytics::core {

std::int64_t BucketSet::take(std::uint64_t key, const RateLimit& limit, std::int64_t now) noexcept {
  auto* entry = std::ranges::find(entries_, key, &Entry::key);
  if (entry == entries_.end()) {
    entry =
        std::ranges::min_element(entries_, {}, [](const Entry& e) { return e.bucket.full_at(); });
    *entry = {key, {}};
  }
  return entry->bucket.take(limit, now);
}

}  // namespace calytics::core
