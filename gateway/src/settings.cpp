#include "settings.hpp"

#include <algorithm>
#include <charconv>
#include <initializer_list>
#include <string_view>

#include "text.hpp"

namespace calytics::gateway {
namespace {

struct Unit {
  std::string_view name;
  std::uint64_t factor;
};

// A whole number, then one of the units; the first unit is meant when none is named.
std::optional<std::uint64_t> parse_quantity(std::string_view text,
                                            std::initializer_list<Unit> units) {
  text = trimmed(text);
  std::uint64_t count = 0;
  const auto* end = text.data() + text.size();
  auto [stop, fault] = std::from_chars(text.data(), end, count);
  if (fault != std::errc{}) return std::nullopt;
  const auto name = trimmed(text.substr(static_cast<std::size_t>(stop - text.data())));
  for (const auto& unit : units) {
    if (!name.empty() && !equals_ignoring_case(name, unit.name)) continue;
    constexpr std::uint64_t cap = std::uint64_t{1} << 50;
    if (count > cap / unit.factor) return std::nullopt;
    return count * unit.factor;
  }
  return std::nullopt;
}

}  // namespace

Settings load_settings(const Values& flags, const Environment& environment, const Values& file) {
  const auto& table = setting_table();
  for (const auto& entry : file) {
    const auto is_key = [&](const Setting& setting) { return setting.flag == entry.first; };
    if (std::none_of(table.begin(), table.end(), is_key))
      throw SettingError("configuration file: unknown key " + entry.first);
  }

  Settings settings;
  for (const auto& setting : table) {
    std::string value = setting.default_value;
    std::string origin = "default";
    if (const auto found = file.find(setting.flag); found != file.end()) {
      value = found->second;
      origin = "configuration file: " + setting.flag;
    }
    for (const auto& name : setting.environment) {
      const char* found = environment(name.c_str());
      if (found == nullptr || *found == '\0') continue;
      value = found;
      origin = name;
      break;
    }
    if (const auto found = flags.find(setting.flag); found != flags.end()) {
      value = found->second;
      origin = "--" + setting.flag;
    }
    try {
      setting.assign(settings, value);
    } catch (const SettingError& error) {
      throw SettingError(origin + " " + error.what());
    }
  }
  return settings;
}

std::optional<std::uint64_t> parse_count(const std::string& text) {
  return parse_quantity(text, {{"", 1}});
}

Milliseconds parse_duration(const std::string& text, Milliseconds unit) {
  const auto bare = static_cast<std::uint64_t>(unit.count());
  const auto value =
      parse_quantity(text, {{"", bare}, {"s", 1000}, {"ms", 1}, {"min", 60'000}, {"h", 3'600'000}});
  if (!value) throw SettingError("must be a duration such as 250ms, 10s or 5min");
  return Milliseconds{*value};
}

std::size_t parse_size(const std::string& text) {
  const auto value = parse_quantity(
      text, {{"B", 1}, {"KiB", 1ULL << 10}, {"MiB", 1ULL << 20}, {"GiB", 1ULL << 30}});
  if (!value) throw SettingError("must be a size such as 4096, 32KiB or 1MiB");
  return *value;
}

}  // namespace calytics::gateway
