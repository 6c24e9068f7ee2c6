// Tables of the JSON members that we know, each with what reads it into which member of a C++
// object.
//
// A table is sorted by name, so that a lookup is a binary search:
//
//   constexpr auto kHostFields = std::to_array<Field<Host>>({
//       {"id", number<Host, &Host::id>}, {"name", text<Host, &Host::name, kPersonLimit>}, ...
//
// A member of the wrong type leaves its target absent; a repeated one replaces what was read
// before.
#pragma once

#include <algorithm>
#include <array>
#include <concepts>
#include <cstddef>
#include <string_view>

#include "core/text/json_value.hpp"
#include "core/text/text.hpp"

namespace calytics::core {

template <class Target>
struct Field {
  std::string_view name;
  JsonError (*read)(Target& target, TextStore& texts, JsonValue& value);
};

template <class Target, std::size_t size>
using Fields = std::array<Field<Target>, size>;

template <class Target, std::size_t size>
constexpr bool is_sorted(const Fields<Target, size>& fields) {
  return std::ranges::is_sorted(fields, {}, &Field<Target>::name);
}

template <class Target, std::size_t size>
JsonError read_members(Target& target, TextStore& texts, JsonValue& object,
                       const Fields<Target, size>& fields) {
  return visit_members(object, texts, [&](std::string_view name, JsonValue& value) {
    const auto field = std::ranges::lower_bound(fields, name, {}, &Field<Target>::name);
    if (field == fields.end() || field->name != name) return simdjson::SUCCESS;
    return field->read(target, texts, value);
  });
}

// Where a member pointer leads. Targets made of several objects overload it.
template <class Target, class Owner, class T>
requires std::derived_from<Target, Owner> T& slot(Target& target, T Owner::*member) {
  return target.*member;
}

template <class Target, auto member, std::size_t limit>
JsonError text(Target& target, TextStore& texts, JsonValue& value) {
  slot(target, member) = read_text(value, texts, limit);
  return simdjson::SUCCESS;
}

// An e-mail address or a phone number, trimmed.
template <class Target, auto member, std::size_t limit>
JsonError contact(Target& target, TextStore& texts, JsonValue& value) {
  auto address = read_text(value, texts, limit);
  if (address) address = trim_ascii(*address);
  if (address && address->empty()) address.reset();
  slot(target, member) = address;
  return simdjson::SUCCESS;
}

template <class Target, auto member>
JsonError number(Target& target, TextStore& /*texts*/, JsonValue& value) {
  slot(target, member) = read_number(value);
  return simdjson::SUCCESS;
}

template <class Target, auto member>
JsonError flag(Target& target, TextStore& /*texts*/, JsonValue& value) {
  slot(target, member) = read_flag(value);
  return simdjson::SUCCESS;
}

template <class Target, auto member>
JsonError instant(Target& target, TextStore& texts, JsonValue& value) {
  slot(target, member) = read_instant(value, texts);
  return simdjson::SUCCESS;
}

}  // namespace calytics::core
