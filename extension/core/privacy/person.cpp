#include "core/privacy/person.hpp"

#include <algorithm>
#include <new>
#include <string>

#include "core/access/signature.hpp"
#include "core/text/text.hpp"

namespace calytics::core {

std::optional<PersonId> person_id(std::string_view identity, std::string_view key) noexcept {
  try {
    std::string normalized;
    append_lower_ascii(normalized, trim_ascii(identity));
    const std::optional<Sha256Digest> digest = hmac_sha256(key, normalized);
    if (!digest) return std::nullopt;

    PersonId id;
    std::copy_n(digest->begin(), id.size(), id.begin());
    return id;
  } catch (const std::bad_alloc&) {
    return std::nullopt;
  }
}

}  // namespace calytics::core
