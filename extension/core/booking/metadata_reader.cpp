#include "core/booking/metadata_reader.hpp"

#include "core/privacy/session_id.hpp"
#include "core/text/json_text.hpp"
#include "core/text/limits.hpp"

namespace calytics::core {

namespace {

// What the tracker calls it (extension/web/cal.js).
constexpr std::string_view kSessionMember = "calyticsSession";

}  // namespace

JsonError read_metadata(JsonValue& value, TextStore& texts, std::string& json, Webhook& row) {
  json.clear();
  row.metadata.reset();
  row.session.reset();
  if (!is_object(value)) return simdjson::SUCCESS;
  JsonWriter writer(json, texts, JsonWriter::Secrets::omit);
  writer.open_object();
  const JsonError error =
      visit_members(value, texts, [&](std::string_view name, JsonValue& member) {
        if (name == kSessionMember) row.session = read_text(member, texts, kNameLimit);
        return writer.write_member(name, member);
      });
  writer.close_object();
  row.metadata = json;
  if (row.session && !is_session_id(*row.session)) row.session.reset();
  return error;
}

}  // namespace calytics::core
