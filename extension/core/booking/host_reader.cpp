#include "core/booking/host_reader.hpp"

#include "core/text/json_fields.hpp"
#include "core/text/limits.hpp"

namespace calytics::core {

namespace {

constexpr auto kFields = std::to_array<Field<Host>>({
    {"email", contact<Host, &Host::email, kPersonLimit>},
    {"id", number<Host, &Host::id>},
    {"name", text<Host, &Host::name, kPersonLimit>},
    {"timeZone", text<Host, &Host::time_zone, kNameLimit>},
    {"username", text<Host, &Host::username, kNameLimit>},
});
static_assert(is_sorted(kFields));

}  // namespace

JsonError read_host(JsonValue& value, TextStore& texts, Host& host) {
  host = {};
  return read_members(host, texts, value, kFields);
}

}  // namespace calytics::core
