// Writes a jsonb piece by piece, in the order of a document. What strings and numbers point to has
// to live until it is finished.
#pragma once

#include "glue/pg/pg.hpp"

extern "C" {
#include "utils/datetime.h"
#include "utils/json.h"
#include "utils/jsonb.h"
#include "utils/numeric.h"
}

namespace calytics::glue {

class JsonWriter {
 public:
  void begin_object() { pushJsonbValue(&state_, WJB_BEGIN_OBJECT, nullptr); }
  void end_object() { result_ = pushJsonbValue(&state_, WJB_END_OBJECT, nullptr); }
  void begin_array() { pushJsonbValue(&state_, WJB_BEGIN_ARRAY, nullptr); }
  void end_array() { result_ = pushJsonbValue(&state_, WJB_END_ARRAY, nullptr); }

  void key(std::string_view name) {
    JsonbValue value = of(name);
    pushJsonbValue(&state_, WJB_KEY, &value);
  }
  void put(std::string_view text) {
    JsonbValue value = of(text);
    put(value);
  }
  // NULL where there is none.
  void put(Numeric number) {
    JsonbValue value = {};
    value.type = number == nullptr ? jbvNull : jbvNumeric;
    value.val.numeric = number;
    put(value);
  }
  // In the session's time zone, as jsonb has instants.
  void put_instant(TimestampTz at) {
    auto* text = static_cast<char*>(palloc(MAXDATELEN + 1));
    put(std::string_view{
        JsonEncodeDateTime(text, TimestampTzGetDatum(at), TIMESTAMPTZOID, nullptr)});
  }
  void put_null() { put(static_cast<Numeric>(nullptr)); }

  Datum finish() { return JsonbPGetDatum(JsonbValueToJsonb(result_)); }

 private:
  static JsonbValue of(std::string_view text) {
    JsonbValue value = {};
    value.type = jbvString;
    value.val.string.val = const_cast<char*>(text.data());
    value.val.string.len = static_cast<int>(text.size());
    return value;
  }
  void put(JsonbValue& value) {
    pushJsonbValue(&state_, state_->contVal.type == jbvArray ? WJB_ELEM : WJB_VALUE, &value);
  }

  JsonbParseState* state_ = nullptr;
  JsonbValue* result_ = nullptr;
};

}  // namespace calytics::glue
