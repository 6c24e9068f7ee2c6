#include "glue/pg/json_member.hpp"

extern "C" {
#include "utils/fmgrprotos.h"
}

namespace calytics::glue {
namespace {

const JsonbValue* member(Jsonb* object, std::string_view name, JsonbValue* room) {
  if (!JB_ROOT_IS_OBJECT(object)) return nullptr;
  return getKeyJsonValueFromContainer(&object->root, name.data(), static_cast<int>(name.size()),
                                      room);
}

}  // namespace

const text* text_member(Jsonb* object, std::string_view name) {
  JsonbValue room;
  const JsonbValue* value = member(object, name, &room);
  if (value == nullptr || value->type == jbvNull) return nullptr;
  if (value->type == jbvString) {
    return cstring_to_text_with_len(value->val.string.val, value->val.string.len);
  }
  LOCAL_FCINFO(call, 2);
  InitFunctionCallInfoData(*call, nullptr, 2, InvalidOid, nullptr, nullptr);
  call->args[0] = {JsonbPGetDatum(object), false};
  call->args[1] = {text_datum(name), false};
  const Datum written = jsonb_object_field_text(call);
  return call->isnull ? nullptr : DatumGetTextPP(written);
}

bool is_true_member(Jsonb* object, std::string_view name) {
  JsonbValue room;
  const JsonbValue* value = member(object, name, &room);
  return value != nullptr && value->type == jbvBool && value->val.boolean;
}

}  // namespace calytics::glue
