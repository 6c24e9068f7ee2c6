// What the tests of the core share: the payload files, a seeded generator, and laws that every row
// must obey whatever body it came from.
#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "core/access/signature.hpp"
#include "core/booking/webhook.hpp"

namespace calytics::core::testing {

inline constexpr std::string_view kPersonKey = "a key for tests";

// The bytes of tests/payloads/<name>.
std::string payload(std::string_view name);

// All names but manifest.json, sorted.
std::vector<std::string> payload_names();

// A generator seeded by CALYTICS_SEED, or else differently each time. The seed is printed.
std::mt19937_64 make_generator();

// In lower-case hexadecimal.
std::string hex(const Sha256Digest& digest);

// An empty text if the row keeps all promises of webhook.hpp, else which one it breaks.
std::string broken_promise(const Webhook& row);

// All that a row holds, a line "name: value" each, without what is absent. Digest and person ids
// aside.
std::string describe(const Webhook& row);

}  // namespace calytics::core::testing
