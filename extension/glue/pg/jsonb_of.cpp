#include "glue/pg/jsonb_of.hpp"

extern "C" {
#include "utils/fmgrprotos.h"
#include "utils/jsonb.h"
#include "utils/numeric.h"
}

#include <charconv>

#include "core/text/compact_json.hpp"

namespace calytics::glue {
namespace {

using core::CompactJson;
using core::JsonPiece;

Datum jsonb_of_any(std::string_view json) {
  return DirectFunctionCall1(jsonb_in, CStringGetDatum(pnstrdup(json.data(), json.size())));
}

Numeric number(std::string_view digits) {
  std::int64_t whole = 0;
  const char* const end = digits.data() + digits.size();
  const auto [stop, error] = std::from_chars(digits.data(), end, whole);
  if (error == std::errc{} && stop == end) return int64_to_numeric(whole);
  return DatumGetNumeric(
      DirectFunctionCall3(numeric_in, CStringGetDatum(pnstrdup(digits.data(), digits.size())),
                          ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1)));
}

JsonbValue string(std::string_view text) {
  JsonbValue value = {};
  value.type = jbvString;
  value.val.string.val = const_cast<char*>(text.data());
  value.val.string.len = static_cast<int>(text.size());
  return value;
}

// A number, a boolean or null.
JsonbValue scalar(JsonPiece piece, std::string_view text) {
  JsonbValue value = {};
  value.type = jbvNull;
  if (piece == JsonPiece::number) {
    value.type = jbvNumeric;
    value.val.numeric = number(text);
  } else if (piece != JsonPiece::null) {
    value.type = jbvBool;
    value.val.boolean = piece == JsonPiece::yes;
  }
  return value;
}

}  // namespace

Datum jsonb_of(std::string_view object) {
  JsonbParseState* state = nullptr;
  JsonbValue* whole = nullptr;
  bool in_array = false;
  CompactJson json(object);
  for (JsonPiece piece = json.next(); piece != JsonPiece::end; piece = json.next()) {
    JsonbIteratorToken token = WJB_DONE;
    switch (piece) {
      case JsonPiece::object:
        token = WJB_BEGIN_OBJECT;
        break;
      case JsonPiece::object_end:
        token = WJB_END_OBJECT;
        break;
      case JsonPiece::array:
        token = WJB_BEGIN_ARRAY;
        break;
      case JsonPiece::array_end:
        token = WJB_END_ARRAY;
        break;
      case JsonPiece::key:
        token = WJB_KEY;
        break;
      default:
        token = in_array ? WJB_ELEM : WJB_VALUE;
    }
    const bool is_text = piece == JsonPiece::key || piece == JsonPiece::string;
    if (is_text && json.is_escaped()) return jsonb_of_any(object);
    if (token == WJB_KEY || token == WJB_ELEM || token == WJB_VALUE) {
      JsonbValue value = is_text ? string(json.text()) : scalar(piece, json.text());
      whole = pushJsonbValue(&state, token, &value);
    } else {
      whole = pushJsonbValue(&state, token, nullptr);
    }
    in_array = state != nullptr && state->contVal.type == jbvArray;
  }
  return JsonbPGetDatum(JsonbValueToJsonb(whole));
}

}  // namespace calytics::glue
