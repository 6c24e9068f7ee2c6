// Writes the properties of an event out as JSON that jsonb takes, without personal data.
//
// Numbers stay as they are written, unless a double can't hold them or they are a card's. A member
// whose name says that it is personal loses its value, be it scalar or container; keys are scrubbed
// like values.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "core/privacy/member_names.hpp"
#include "core/privacy/personal_data.hpp"
#include "core/text/json_value.hpp"

namespace calytics::core {

struct Properties {
  std::string_view json;  // an object
  bool empty = true;
  bool too_large = false;
  bool too_deep = false;
  std::optional<std::string_view> experiment;
  std::optional<std::string_view> variant;
  std::optional<std::string_view> utm_source;
  std::optional<std::string_view> utm_medium;
  std::optional<std::string_view> utm_campaign;
  PersonalDataCounts removed;
};

class PropertyWriter {
 public:
  static constexpr std::size_t kMaxDepth = 16;

  // Everything may throw std::bad_alloc.
  explicit PropertyWriter(TextStore& texts) : texts_(texts) {}

  // Reads an object. Its texts are stored where the writer was told. Nothing is told of where
  // visitors came from unless `attribution`.
  JsonError write(JsonValue& object, std::size_t limit, bool attribution, Properties& properties);

 private:
  JsonError write_value(JsonValue& value, const MemberName& name);
  JsonError write_object(JsonValue& value);
  JsonError write_array(JsonValue& value, const MemberName& name);
  JsonError write_member(std::string_view name, JsonValue& value);
  void write_key(std::string_view name);
  void write_string(std::string_view escaped, const MemberName& name);
  void write_number(std::string_view token);
  void write_marker(PersonalData kind);
  void capture(const MemberName& name, std::size_t begin);
  bool stopped() const noexcept { return properties_->too_large || properties_->too_deep; }

  TextStore& texts_;
  std::string out_;
  std::string plain_;
  std::string scrubbed_;
  std::size_t limit_ = 0;
  std::size_t depth_ = 0;
  bool attribution_ = true;
  Properties* properties_ = nullptr;
};

}  // namespace calytics::core
