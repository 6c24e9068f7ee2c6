// Where on a dashboard sums count: those of the series are, added up, also the figures of the
// period; those by service and host are lines of both tables, under the names that their keys have
// now.
//
// Guarantees: nothing here throws or allocates; the views are of the caller's bytes.
#pragma once

#include <cstddef>
#include <limits>
#include <span>
#include <string_view>

#include "core/metrics/evaluation.hpp"

namespace calytics::core {

inline constexpr std::int64_t kNoTime = std::numeric_limits<std::int64_t>::min();

// What a key of a service, or of a host, is called; several may be called the same.
struct Naming {
  Role of = Role::service;
  std::string_view key;
  std::string_view name;
};

// Makes them ready for lookups.
void sort_names(std::span<Naming> names) noexcept;

// Whether this is the word for a role.
bool read_role(std::string_view word, Role& role) noexcept;

// Writes to `out` the places, at most two, where a row with this word for its role counts, and
// returns how many they are; 0 if there is no such role.
std::size_t places_of(std::string_view word, const Sums& sums, std::span<const Naming> names,
                      Sums* out) noexcept;

}  // namespace calytics::core
