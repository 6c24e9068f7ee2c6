// Persons in archived bodies: their pseudonyms, whether a body names them, and bodies without them.

#include "glue/pg/pg.hpp"

#include "core/privacy/person.hpp"

#include <cstring>
#include <exception>
#include <new>
#include <optional>
#include <string>

#include "core/privacy/person_eraser.hpp"

CALYTICS_SQL_FUNCTION(calytics_person_id);
CALYTICS_SQL_FUNCTION(calytics_names_person);
CALYTICS_SQL_FUNCTION(calytics_erase_from_body);

using calytics::glue::bytes_of;

namespace {

[[noreturn]] void out_of_memory() {
  ereport(ERROR, (errcode(ERRCODE_OUT_OF_MEMORY), errmsg("could not read a webhook's body")));
}

enum class Answer { no, yes, failed };

Answer names(std::string_view body, std::string_view identity) noexcept {
  try {
    return calytics::core::names_person(body, identity) ? Answer::yes : Answer::no;
  } catch (const std::exception&) {
    return Answer::failed;
  }
}

// Puts the result where nothing is lost if memory for it is refused.
Answer erase(std::string_view body, const calytics::core::ErasedPerson& person,
             bytea*& result) noexcept {
  try {
    const std::optional<std::string> erased = calytics::core::erase_person(body, person);
    if (!erased) return Answer::no;
    result = static_cast<bytea*>(palloc_extended(VARHDRSZ + erased->size(), MCXT_ALLOC_NO_OOM));
    if (result == nullptr) return Answer::failed;
    SET_VARSIZE(result, VARHDRSZ + erased->size());
    std::memcpy(VARDATA(result), erased->data(), erased->size());
    return Answer::yes;
  } catch (const std::exception&) {
    return Answer::failed;
  }
}

}  // namespace

Datum calytics_person_id(PG_FUNCTION_ARGS) {
  const auto id =
      calytics::core::person_id(bytes_of(PG_GETARG_TEXT_PP(0)), bytes_of(PG_GETARG_BYTEA_PP(1)));
  if (!id) out_of_memory();
  PG_RETURN_DATUM(calytics::glue::uuid_datum(id->data()));
}

Datum calytics_names_person(PG_FUNCTION_ARGS) {
  const Answer answer = names(bytes_of(PG_GETARG_BYTEA_PP(0)), bytes_of(PG_GETARG_TEXT_PP(1)));
  if (answer == Answer::failed) out_of_memory();
  PG_RETURN_BOOL(answer == Answer::yes);
}

Datum calytics_erase_from_body(PG_FUNCTION_ARGS) {
  Datum* elements = nullptr;
  int count = 0;
  deconstruct_array(PG_GETARG_ARRAYTYPE_P(3), TEXTOID, -1, false, TYPALIGN_INT, &elements, nullptr,
                    &count);
  auto* names = static_cast<std::string_view*>(palloc(sizeof(std::string_view) * (count + 1)));
  for (int i = 0; i < count; ++i)
    new (&names[i]) std::string_view(bytes_of(DatumGetTextPP(elements[i])));
  bytea* result = nullptr;
  const Answer answer = erase(bytes_of(PG_GETARG_BYTEA_PP(0)),
                              {.identity = bytes_of(PG_GETARG_TEXT_PP(1)),
                               .stand_in = bytes_of(PG_GETARG_TEXT_PP(2)),
                               .names = {names, static_cast<std::size_t>(count)},
                               .booked = PG_GETARG_BOOL(4)},
                              result);
  if (answer == Answer::failed) out_of_memory();
  if (answer == Answer::no) PG_RETURN_NULL();
  PG_RETURN_BYTEA_P(result);
}
