#include "core/metrics/dashboard.hpp"

#include <algorithm>
#include <array>
#include <tuple>

namespace calytics::core {

namespace {

bool before(const Naming& a, const Naming& b) noexcept {
  return std::tie(a.of, a.key) < std::tie(b.of, b.key);
}

std::string_view name_of(std::span<const Naming> names, Role of, std::string_view key) noexcept {
  const auto found = std::lower_bound(names.begin(), names.end(), Naming{of, key, {}}, before);
  return found != names.end() && found->of == of && found->key == key ? found->name : key;
}

Sums table_line(Role role, const Sums& sums, std::span<const Naming> names) noexcept {
  Sums line = sums;
  line.role = role;
  line.at = kNoTime;
  line.service = role == Role::service ? name_of(names, role, sums.service) : std::string_view{};
  line.host = role == Role::host ? name_of(names, role, sums.host) : std::string_view{};
  return line;
}

Sums figure(Role role, const Sums& sums) noexcept {
  Sums total = sums;
  total.role = role;
  total.at = kNoTime;
  total.service = total.host = {};
  return total;
}

}  // namespace

void sort_names(std::span<Naming> names) noexcept {
  std::sort(names.begin(), names.end(), before);
}

bool read_role(std::string_view word, Role& role) noexcept {
  constexpr std::array<std::string_view, 5> words = {"now", "then", "series", "service", "host"};
  const auto* const found = std::find(words.begin(), words.end(), word);
  role = static_cast<Role>(found - words.begin());
  return found != words.end();
}

std::size_t places_of(std::string_view word, const Sums& sums, std::span<const Naming> names,
                      Sums* out) noexcept {
  Role role = Role::now;
  if (!read_role(word, role)) return 0;
  switch (role) {
    case Role::now:
    case Role::then:
      out[0] = figure(role, sums);
      return 1;
    case Role::series:
      out[0] = figure(role, sums);
      out[0].at = sums.at;
      out[1] = figure(Role::now, sums);
      return 2;
    case Role::service:
    case Role::host:
      out[0] = table_line(role, sums, names);
      return 1;
  }
  return 0;
}

}  // namespace calytics::core
