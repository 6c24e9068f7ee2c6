// The pseudonym under which a person is counted: it tells two people apart and the same one again,
// and can't be turned back into an e-mail address without the key.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace calytics::core {

using PersonId = std::array<std::uint8_t, 16>;

// The first 16 bytes of HMAC-SHA256(key, identity), the identity (an e-mail address, or a phone
// number where there is none) trimmed of ASCII white space and lower-cased in ASCII. Absent only if
// OpenSSL or memory fails.
std::optional<PersonId> person_id(std::string_view identity, std::string_view key) noexcept;

}  // namespace calytics::core
