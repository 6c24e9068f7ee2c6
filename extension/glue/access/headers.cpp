// calytics.header() and the same for glue. The gateway sends names in lower case; other callers
// write them as they please.

#include "glue/access/headers.hpp"

#include "core/text/text.hpp"
#include "glue/pg/json_member.hpp"

CALYTICS_SQL_FUNCTION(calytics_header);

namespace {

bool is_from_gateway(Jsonb* headers) {
  constexpr std::string_view kPeer = "x-calytics-peer";
  JsonbValue room;
  return getKeyJsonValueFromContainer(&headers->root, kPeer.data(), static_cast<int>(kPeer.size()),
                                      &room) != nullptr;
}

// A name that differs by nothing but its case.
const text* value_in_any_case(Jsonb* headers, std::string_view name) {
  JsonbIterator* members = JsonbIteratorInit(&headers->root);
  JsonbValue key;
  for (JsonbIteratorToken token = JsonbIteratorNext(&members, &key, true); token != WJB_DONE;
       token = JsonbIteratorNext(&members, &key, true)) {
    if (token != WJB_KEY) continue;
    const auto size = static_cast<std::size_t>(key.val.string.len);
    if (!calytics::core::equal_ignoring_case({key.val.string.val, size}, name)) continue;
    const text* value = calytics::glue::text_member(headers, {key.val.string.val, size});
    if (value != nullptr) return value;
  }
  return nullptr;
}

}  // namespace

const text* calytics::glue::header_of(Jsonb* headers, std::span<const std::string_view> names) {
  if (headers == nullptr || !JB_ROOT_IS_OBJECT(headers)) return nullptr;
  for (const std::string_view name : names) {
    const text* value = text_member(headers, name);
    if (value != nullptr) return value;
  }
  if (is_from_gateway(headers)) return nullptr;
  for (const std::string_view name : names) {
    const text* value = value_in_any_case(headers, name);
    if (value != nullptr) return value;
  }
  return nullptr;
}

Datum calytics_header(PG_FUNCTION_ARGS) {
  Datum* elements = nullptr;
  bool* nulls = nullptr;
  int size = 0;
  deconstruct_array(PG_GETARG_ARRAYTYPE_P(1), TEXTOID, -1, false, TYPALIGN_INT, &elements, &nulls,
                    &size);
  const auto count = static_cast<std::size_t>(size);
  auto* names = static_cast<std::string_view*>(palloc(sizeof(std::string_view) * (count + 1)));
  std::size_t known = 0;
  for (std::size_t i = 0; i < count; ++i) {
    if (!nulls[i]) names[known++] = calytics::glue::bytes_of(DatumGetTextPP(elements[i]));
  }
  const text* value = calytics::glue::header_of(PG_GETARG_JSONB_P(0), {names, known});
  if (value == nullptr) PG_RETURN_NULL();
  PG_RETURN_TEXT_P(value);
}
